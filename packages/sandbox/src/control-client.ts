/** A typed client of the control plane; it works against a sandbox in this process or in another one. */
import { amocrmControl } from './amocrm/control-client.ts';
import type { MailgunOptions, MailgunSettings } from './mailgun/lifecycle/settings.ts';
import type { Campaign } from './mobizon/store/sms.ts';
import type { MobizonOptions, MobizonSettings } from './mobizon/lifecycle/settings.ts';
import type { ResendOptions, ResendSettings } from './resend/lifecycle/settings.ts';
import { telegramControl } from './telegram/control-client.ts';
import type { AmoEffect, Effect, EffectFilter, MailEffect, SmsEffect } from './world/effects.ts';
import type { FaultRule, NewFaultRule } from './world/faults.ts';
import type { RequestRecord } from './world/requests.ts';
import type { WebhookAttempt } from './world/webhooks.ts';

/** The control plane refused: the message is its reason. */
export class SandboxControlError extends Error {
  override readonly name = 'SandboxControlError';
}

export type ClockState = { now: number; iso: string; frozen: boolean };

type Call = <Result>(method: string, path: string, body?: unknown) => Promise<Result>;

/** Connects to the sandbox at `url` (no trailing slash). Every function throws SandboxControlError when refused. */
export function connectSandbox(url: string) {
  const call: Call = (method, path, body) => ask(`${url}/__sim`, method, path, body);
  return {
    url,
    /** Empties everything: effects, mails, SMS, keys, faults, clock, settings. */
    reset: () => call<{ ok: true }>('POST', '/reset', {}),
    health: () => call<{ status: 'ok'; providers: string[] }>('GET', '/health'),
    ...ledger(call),
    ...clock(call),
    ...faults(call),
    resend: resend(call),
    mailgun: mailgun(call),
    mobizon: mobizon(call),
    amocrm: amocrmControl(call),
    telegram: telegramControl(call),
  };
}

async function ask<Result>(
  base: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Result> {
  const headers = { 'content-type': 'application/json' };
  const sent = body === undefined ? {} : { body: JSON.stringify(body), headers };
  const response = await fetch(`${base}${path}`, { method, ...sent });
  const answer: unknown = await response.json();
  if (response.ok) return answer as Result;
  const { error } = answer as { error?: string };
  throw new SandboxControlError(`${method} ${path}: ${error ?? response.status}`);
}

const only = (provider?: string): string => (provider === undefined ? '' : `?provider=${provider}`);

function ledger(call: Call) {
  const effects = async (filter: EffectFilter = {}): Promise<Effect[]> => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(filter)) {
      if (value !== undefined) query.set(name, String(value));
    }
    return (await call<{ effects: Effect[] }>('GET', `/effects?${query.toString()}`)).effects;
  };
  return {
    /** What really happened, in order. `to`: an address in lower case, or a number in digits. */
    effects,
    /** Mails sent, to one address or to all. */
    mails: async (to?: string) => (await effects({ kind: 'mail', to })) as MailEffect[],
    /** SMS billed, to one number or to all. */
    sms: async (to?: string) => (await effects({ kind: 'sms', to })) as SmsEffect[],
    /** What happened in AmoCRM: all of it, or one kind, such as `lead-created`. */
    crm: async (kind?: AmoEffect['kind']) =>
      (await effects({ provider: 'amocrm', kind })) as AmoEffect[],
    /** The calls that arrived, in order, whatever came of them. */
    requests: async (provider?: string) =>
      (await call<{ requests: RequestRecord[] }>('GET', `/requests${only(provider)}`)).requests,
    /** Attempts to deliver webhooks, with the receivers' answers. */
    webhooks: async (provider?: string) =>
      (await call<{ attempts: WebhookAttempt[] }>('GET', `/webhooks${only(provider)}`)).attempts,
    replayWebhook: (id: string) => call<{ ok: true }>('POST', `/webhooks/${id}/replay`, {}),
  };
}

function clock(call: Call) {
  return {
    clock: () => call<ClockState>('GET', '/clock'),
    /** Moves the virtual clock; everything due on the way has happened when this resolves. */
    advance: (ms: number) => call<ClockState>('POST', '/clock', { advanceMs: ms }),
    freeze: () => call<ClockState>('POST', '/clock', { frozen: true }),
    unfreeze: () => call<ClockState>('POST', '/clock', { frozen: false }),
  };
}

function faults(call: Call) {
  return {
    addFault: (rule: NewFaultRule) => call<FaultRule>('POST', '/faults', rule),
    /** Switches on a fault of the page by its id, such as `resend-accept-then-drop`. */
    addPreset: (id: string) => call<FaultRule>('PUT', `/faults/${id}`, {}),
    removeFault: (id: string) => call<{ removed: boolean }>('DELETE', `/faults/${id}`),
    clearFaults: () => call<{ ok: true }>('DELETE', '/faults'),
    faults: async () => (await call<{ faults: FaultRule[] }>('GET', '/faults')).faults,
  };
}

function resend(call: Call) {
  type Suppressions = { suppressions: { address: string; reason: string }[] };
  return {
    settings: () => call<ResendSettings>('GET', '/resend/settings'),
    /** Changes some settings, webhooks included; they last until reset. */
    set: (patch: ResendOptions) => call<ResendSettings>('PATCH', '/resend/settings', patch),
    /** The world's answer to a mail: opened, clicked, complained … */
    emailEvent: (id: string, event: string, detail: Record<string, unknown> = {}) =>
      call<{ lastEvent: string }>('POST', `/resend/emails/${id}/events`, { event, detail }),
    suppressions: async () =>
      (await call<Suppressions>('GET', '/resend/suppressions')).suppressions,
  };
}

function mailgun(call: Call) {
  return {
    settings: () => call<MailgunSettings>('GET', '/mailgun/settings'),
    /** Changes some settings, webhooks included; they last until reset. */
    set: (patch: MailgunOptions) => call<MailgunSettings>('PATCH', '/mailgun/settings', patch),
    /** The world's answer to a mail: opened, clicked, complained, unsubscribed. */
    emailEvent: (id: string, event: string) =>
      call<{ event: string }>('POST', `/mailgun/emails/${id}/events`, { event }),
  };
}

function mobizon(call: Call) {
  return {
    settings: () => call<MobizonSettings>('GET', '/mobizon/settings'),
    /** Changes some settings, webhooks and balance included; they last until reset. */
    set: (patch: MobizonOptions) => call<MobizonSettings>('PATCH', '/mobizon/settings', patch),
    /** What is left, in tenge. */
    balance: async () =>
      Number((await call<{ balance: string }>('GET', '/mobizon/balance')).balance),
    waitingForModeration: async () =>
      (await call<{ waiting: Campaign[] }>('GET', '/mobizon/moderation')).waiting,
    moderate: (
      campaignId: string,
      decision: 'approve' | 'decline',
      options: { refund?: boolean; comment?: string } = {},
    ) =>
      call<{ decision: string }>('POST', '/mobizon/moderation', {
        campaignId,
        decision,
        ...options,
      }),
  };
}

export type SandboxControl = ReturnType<typeof connectSandbox>;
