/** What people do to campaigns, for the audit log: every change that is asked for over HTTP, and how it ended. */
import type { FastifyInstance } from 'fastify';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import type { AuditRecord } from '@leadwire/shared/contract/staff-facts';
import { toError } from '@leadwire/shared/errors';

/** CLI and console say here who asks; whoever calls with the token alone is the token's. */
export const ACTOR_HEADER = 'x-leadwire-actor';
const NOBODY_NAMED = 'admin token';
/** As long as a mail address may be. */
const LONGEST_ACTOR = 254;

/** By method and address: looking changes nothing and is not written down. */
const ACTIONS: Readonly<Record<string, string>> = {
  'POST /api/campaigns': 'campaign.created',
  'PATCH /api/campaigns/:id': 'campaign.changed',
  'POST /api/campaigns/:id/test': 'campaign.tested',
  'POST /api/campaigns/:id/start': 'campaign.started',
  'POST /api/campaigns/:id/pause': 'campaign.paused',
  'POST /api/campaigns/:id/resume': 'campaign.resumed',
  'POST /api/campaigns/:id/cancel': 'campaign.cancelled',
  'POST /api/campaigns/:id/retry': 'campaign.retried',
  'PUT /api/campaigns/:id/audience': 'campaign.listed',
  'POST /api/campaigns/:id/subjects': 'campaign.started',
  'POST /api/campaigns/:id/copy': 'campaign.copied',
  'POST /api/campaigns/:id/resend': 'campaign.copied',
  'DELETE /api/campaigns/:id': 'campaign.deleted',
  'POST /api/sequences': 'campaign.sequence_saved',
  'PUT /api/sequences/:id': 'campaign.sequence_saved',
  'DELETE /api/sequences/:id': 'campaign.sequence_deleted',
  'POST /api/sequences/:id/on': 'campaign.sequence_on',
  'POST /api/sequences/:id/off': 'campaign.sequence_off',
  'POST /api/sequences/:id/stop': 'campaign.sequence_stopped',
  'POST /api/sequences/stop': 'campaign.sequence_stopped',
  'POST /api/segments': 'campaign.segment_saved',
  'PUT /api/segments/:id': 'campaign.segment_saved',
  'DELETE /api/segments/:id': 'campaign.segment_deleted',
};

/** A record that the broker does not take is in the log of the service instead: the change is made already. */
export function auditChanges(app: FastifyInstance, bus: Pick<Bus, 'name' | 'publish'>): void {
  const made = new WeakMap<object, string>();
  app.addHook('preSerialization', (request, _reply, payload, done) => {
    const { campaign } = (payload ?? {}) as { campaign?: { id?: string } };
    if (campaign?.id !== undefined) made.set(request, campaign.id);
    done(null, payload);
  });

  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions, params, headers, log } = request;
    const action = ACTIONS[`${method} ${routeOptions.url ?? ''}`];
    if (action === undefined) return;
    const { statusCode } = reply;
    const result = statusCode < 300 ? 'done' : statusCode < 500 ? 'refused' : 'failed';
    const { id } = params as { id?: string };
    const record: AuditRecord = {
      actor: actorOf(headers),
      action,
      subject: made.get(request) ?? id ?? 'new',
      result,
      at: new Date().toISOString(),
    };
    await publishEvent(bus, 'audit.recorded.v1', record).catch((thrown: unknown) => {
      log.error({ err: toError(thrown), record }, 'the audit log did not take this');
    });
  });
}

/** Who asks, as CLI and console say it. */
export function actorOf(headers: Readonly<Record<string, string | string[] | undefined>>): string {
  return actorIn(headers[ACTOR_HEADER]);
}

function actorIn(header: string | string[] | undefined): string {
  const given = Array.isArray(header) ? header[0] : header;
  const text = given?.replace(/[^\x20-\x7e]/g, '').trim() ?? '';
  return text === '' ? NOBODY_NAMED : text.slice(0, LONGEST_ACTOR);
}
