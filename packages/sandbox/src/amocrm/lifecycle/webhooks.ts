/** AmoCRM's webhooks: forms with brackets, every value a string, no signature, no id, no promise of order. */
import qs from 'qs';
import type { World } from '../../world/provider.ts';
import type { WebhookMessage, WebhookStyle } from '../../world/webhooks.ts';
import type { Account } from '../store/account.ts';
import type { AmocrmStore } from '../store/amocrm-store.ts';
import type { Change } from '../store/edits.ts';
import { hookItem } from './hook-item.ts';
import type { AmocrmSettings } from './settings.ts';

const MINUTE = 60_000;
/** Docs "Webhooks": #2 after 5 min, #3 after 15, #4 after 15, #5 after an hour. */
const RETRY_GAPS_MS = [5 * MINUTE, 15 * MINUTE, 15 * MINUTE, 60 * MINUTE];
const TIMEOUT_MS = 2_000;
/** Only 499 and 5xx are worth more than three attempts; no answer counts as code 0. */
const attemptsFor = (status: number | null): number =>
  status === 499 || (status !== null && status >= 500 && status <= 599) ? 5 : 3;
/** More bad answers than this within two hours, the last one bad: disabled until saved again. */
const MOST_FAILURES = 100;
const FAILURE_PERIOD_MS = 2 * 60 * MINUTE;

/** A hook made through the API. */
export type ApiHook = {
  id: number;
  destination: string;
  settings: string[];
  sort: number;
  createdAt: number;
  updatedAt: number;
  createdBy: number;
};

export type Hooks = {
  announce(changes: Change[]): void;
  list(): ApiHook[];
  save(destination: string, settings: string[], sort: number, createdBy: number): ApiHook;
  remove(destination: string): boolean;
  isDisabled(destination: string): boolean;
  /** Saves all of them anew. */
  enable(): void;
  reset(): void;
};

type Target = {
  url: string;
  settings: readonly string[] | undefined;
  trouble: WebhookMessage['trouble'];
};
type Group = { of: Change['of']; event: string; items: Record<string, unknown>[] };

const NO_TROUBLE: WebhookMessage['trouble'] = {
  duplicates: 0,
  reorder: false,
  delayMs: 0,
  signature: 'right',
  drop: false,
};

/** Hooks of the settings and of the API alike; which are disabled lies in the store. */
export function createHooks(
  world: World,
  settings: () => AmocrmSettings,
  { account, store }: { account: Account; store: AmocrmStore },
): Hooks {
  const made = world.store.table<ApiHook>('amocrm-hooks');
  const patience = createPatience(world);
  world.webhooks.style(styleWith(({ url }, status) => patience.hear(url, status)));
  const targets = (): Target[] =>
    [
      ...settings().webhooks.map(({ url, settings: wanted, trouble }) => ({
        url,
        settings: wanted,
        trouble,
      })),
      ...made.all().map((hook) => ({
        url: hook.destination,
        settings: hook.settings,
        trouble: NO_TROUBLE,
      })),
    ].filter(({ url }) => !patience.isOver(url));

  return {
    announce: (changes) => {
      for (const target of targets()) {
        const wanted = changes.filter((change) => isWanted(target, change));
        const groups = grouped(wanted, (change) => hookItem(change, settings(), account, store));
        const calls =
          settings().webhookCalls === 'each' ? groups.map((group) => [group]) : [groups];
        for (const call of calls) if (call.length > 0) send(world, settings(), target, call);
      }
    },
    list: () => made.all(),
    save: (destination, wanted, sort, createdBy) => {
      const now = Math.floor(world.clock.now() / 1000);
      const known = made.get(destination);
      const hook: ApiHook = {
        id: known?.id ?? store.nextId('hook'),
        destination,
        settings: wanted,
        sort,
        createdBy,
        createdAt: known?.createdAt ?? now,
        updatedAt: now,
      };
      made.put(destination, hook);
      patience.renew([destination]);
      return hook;
    },
    remove: (destination) => {
      const exists = made.get(destination) !== undefined;
      made.remove(destination);
      return exists;
    },
    isDisabled: patience.isOver,
    enable: () => {
      patience.renew(settings().webhooks.map(({ url }) => url));
      patience.renew(made.all().map(({ destination }) => destination));
    },
    reset: patience.reset,
  };
}

/** How long AmoCRM goes on calling an address that answers badly. */
function createPatience({ store, clock }: World) {
  const disabled = store.table<true>('amocrm-hooks-disabled');
  const failures = new Map<string, number[]>();
  return {
    hear: (url: string, status: number | null): void => {
      if (status !== null && status >= 100 && status <= 299) return;
      const now = clock.now();
      const earlier = (failures.get(url) ?? []).filter((at) => now - at < FAILURE_PERIOD_MS);
      failures.set(url, [...earlier, now]);
      if (earlier.length >= MOST_FAILURES) disabled.put(url, true);
    },
    isOver: (url: string): boolean => disabled.get(url) !== undefined,
    renew: (urls: string[]): void => {
      for (const url of urls) {
        disabled.remove(url);
        failures.delete(url);
      }
    },
    reset: (): void => failures.clear(),
  };
}

function isWanted({ settings }: Target, { of, event }: Change): boolean {
  return (
    settings === undefined || settings.includes(`${event}_${of === 'leads' ? 'lead' : 'contact'}`)
  );
}

/** Changes of one kind share a call: that is how several leads come in one. */
function grouped(changes: Change[], item: (change: Change) => Record<string, unknown>): Group[] {
  const groups: Group[] = [];
  for (const change of changes) {
    const { of, event } = change;
    const group = groups.find((each) => each.of === of && each.event === event);
    if (group !== undefined) group.items.push(item(change));
    else groups.push({ of, event, items: [item(change)] });
  }
  return groups;
}

function send(world: World, settings: AmocrmSettings, target: Target, groups: Group[]): void {
  const form: Record<string, Record<string, unknown>> = {
    account: {
      id: settings.accountId,
      subdomain: settings.subdomain,
      _links: { self: `https://${settings.subdomain}.amocrm.ru` },
    },
  };
  for (const { of, event, items } of groups) form[of] = { ...form[of], [event]: items };
  world.webhooks.send({
    // For the sandbox's own log: nothing of it is sent.
    id: `amocrm_${world.random.text(16, '0123456789abcdef')}`,
    provider: 'amocrm',
    url: target.url,
    secrets: [],
    trouble: target.trouble,
    payload: { type: groups.map(({ of, event }) => `${of}.${event}`).join('+'), form },
  });
}

function styleWith(attempted: NonNullable<WebhookStyle['attempted']>): WebhookStyle {
  return {
    provider: 'amocrm',
    retryGapsMs: RETRY_GAPS_MS,
    timeoutMs: TIMEOUT_MS,
    isDelivered: (status) => status >= 100 && status <= 299,
    mostAttempts: attemptsFor,
    attempted,
    render: ({ payload }) => ({
      body: qs.stringify(payload['form'], { skipNulls: true }),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }),
  };
}
