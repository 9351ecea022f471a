/**
 * What AmoCRM tells about deals (https://www.amocrm.ru/developers/content/crm_platform/webhooks-format):
 * a form, unsigned, without an event's id, repeated and out of order. So it is a hint and no more: the
 * deal's number goes to crm-sync, which reads the deal. Only who knows the address may say anything.
 */
import type { FastifyInstance } from 'fastify';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { type DealChanged } from '@leadwire/shared/contract/events';
import { HOOKS_PER_MINUTE, inTime, refuseStrangers, type Strangers } from './hook-guards.ts';

/** AmoCRM waits two seconds; what took longer it sends again in five minutes. */
const ANSWER_WITHIN_MS = 1_500;
/** Many deals with all their fields in one call. */
const BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * Their words for what happened, and ours. `update` comes with every change, and alone where the hooks for stages and for
 * whose a deal is were not asked for. Other groups (`add`, `note`, …) say nothing new.
 */
const CHANGES = {
  status: 'moved',
  responsible: 'moved',
  update: 'moved',
  delete: 'deleted',
  restore: 'restored',
} as const;
const ITEM_KEY =
  /^leads\[(status|responsible|update|delete|restore)\]\[(\d{1,6})\]\[(id|status_id|responsible_user_id)\]$/;

export type Hint = Pick<DealChanged['data'], 'dealId' | 'change' | 'stageId' | 'responsibleId'>;

/** AmoCRM tells of so many in one call at most; the hourly look finds what a longer one says. */
const MOST_HINTS = 250;

/** The changes of deals in a hook's form, 250 at most; what is no such change, or no number, is passed over. */
export function readHook(form: string): Hint[] {
  const items = new Map<
    string,
    Partial<Record<'id' | 'status_id' | 'responsible_user_id' | 'group', string>>
  >();
  for (const [key, value] of new URLSearchParams(form)) {
    const [, group, index, field] = ITEM_KEY.exec(key) ?? [];
    if (group === undefined || field === undefined) continue;
    const place = `${group}.${index}`;
    items.set(place, { ...items.get(place), group, [field]: value });
  }
  const hints = [...items.values()].flatMap(
    ({ group, id, status_id: status, responsible_user_id: user }) => {
      const [dealId, stageId, responsibleId] = [toId(id), toId(status), toId(user)];
      if (dealId === undefined) return [];
      const change = CHANGES[group as keyof typeof CHANGES];
      const more = {
        ...(stageId !== undefined && { stageId }),
        ...(responsibleId !== undefined && { responsibleId }),
      };
      return [{ dealId, change, ...more }];
    },
  );
  return hints.slice(0, MOST_HINTS);
}

function toId(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

export interface HookPorts {
  bus: Pick<Bus, 'publish' | 'name'>;
  secret: string;
  strangers: Strangers;
  now: () => Date;
}

/** Adds `POST /api/webhooks/amocrm/:secret`. 200: stored; 503 in time for AmoCRM to send it again. */
export function addAmocrmHook(app: FastifyInstance, ports: HookPorts): void {
  const { bus, secret, strangers, now } = ports;
  const publish = async (hint: Hint): Promise<void> => {
    const data = { ...hint, at: now().toISOString() };
    await publishEvent(bus, 'crm.deal_changed.v1', data);
  };

  // A scope of its own: nobody else here takes forms.
  void app.register((scope, _options, done) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
      (_request, body, parsed) => parsed(null, body),
    );
    scope.post<{ Params: { secret: string }; Body: unknown }>(
      '/api/webhooks/amocrm/:secret',
      {
        bodyLimit: BODY_LIMIT_BYTES,
        schema: { hide: true },
        config: { rateLimit: { max: HOOKS_PER_MINUTE, timeWindow: 60_000 } },
        onRequest: refuseStrangers(secret, strangers),
      },
      async ({ body }) => {
        const hints = typeof body === 'string' ? readHook(body) : [];
        await inTime(Promise.all(hints.map(publish)), ANSWER_WITHIN_MS);
        return { success: true };
      },
    );
    done();
  });
}
