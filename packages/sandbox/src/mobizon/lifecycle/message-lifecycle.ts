/** The way of a message through the operator: NEW -> ENQUEUD -> ACCEPTD -> a final status, by the clock. */
import { changeCampaign, messagesOf, type MobizonStore } from '../store/mobizon-store.ts';
import type { MobizonSettings } from './settings.ts';
import { FINAL, type MessageStatus, type Sms } from '../store/sms.ts';

const MINUTE_MS = 60_000;

/** Plans the next step of a message that is on its way; a deferred one starts at its campaign's time. */
export function carryOn(store: MobizonStore, id: string): void {
  const { clock } = store.world;
  const message = store.sms.get(id);
  const next = message && nextStatus(message, store.settings());
  if (message === undefined || next === undefined) return;
  const campaign = store.campaigns.get(message.campaignId);
  const now = clock.now();
  const start = message.status === 'NEW' ? Math.max(campaign?.deferredTo ?? 0, now) : now;
  const life = (campaign?.validityMinutes ?? 1440) * MINUTE_MS;
  clock.schedule(start + (next === 'EXPIRED' ? life : store.settings().statusStepMs), () => {
    const current = store.sms.get(id);
    if (current?.status === message.status) move(store, current, next);
  });
}

function move(store: MobizonStore, message: Sms, status: MessageStatus): void {
  const now = store.world.clock.now();
  const moved = { ...message, status, statusAt: now, startedAt: message.startedAt ?? now };
  store.sms.put(message.id, moved);
  if (FINAL.includes(status)) finish(store, moved);
  else carryOn(store, message.id);
  store.world.changed();
}

function finish(store: MobizonStore, message: Sms): void {
  store.onFinal(message);
  const all = messagesOf(store, message.campaignId);
  if (all.every((each) => FINAL.includes(each.status))) {
    changeCampaign(store, message.campaignId, { status: 'DONE' });
  }
}

function nextStatus(message: Sms, settings: MobizonSettings): MessageStatus | undefined {
  const outcome = settings.outcomes[message.to] ?? 'DELIVRD';
  switch (message.status) {
    case 'NEW':
      return 'ENQUEUD';
    case 'ENQUEUD':
      return outcome === 'REJECTD' ? 'REJECTD' : 'ACCEPTD';
    case 'ACCEPTD':
      // A long message comes in parts.
      return message.segments > 1 && outcome === 'DELIVRD' ? 'PDLIVRD' : outcome;
    case 'PDLIVRD':
      return outcome;
    case 'DELIVRD':
    case 'UNDELIV':
    case 'REJECTD':
    case 'EXPIRED':
    case 'DELETED':
      return undefined;
  }
}
