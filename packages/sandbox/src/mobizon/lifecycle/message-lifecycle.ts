/** The way of a message through the operator: NEW -> ENQUEUD -> ACCEPTD -> a final status, by the clock. */
import { changeCampaign, messagesOf, type Books } from '../store/mobizon-store.ts';
import type { MobizonSettings } from './settings.ts';
import { FINAL, type MessageStatus, type Sms } from '../store/sms.ts';

const MINUTE_MS = 60_000;

/** Plans the next step of a message that is on its way; a deferred one starts at its campaign's time. */
export function carryOn(books: Books, id: string): void {
  const { clock } = books.world;
  const message = books.sms.get(id);
  const next = message && nextStatus(message, books.settings());
  if (message === undefined || next === undefined) return;
  const campaign = books.campaigns.get(message.campaignId);
  const now = clock.now();
  const start = message.status === 'NEW' ? Math.max(campaign?.deferredTo ?? 0, now) : now;
  const life = (campaign?.validityMinutes ?? 1440) * MINUTE_MS;
  clock.schedule(start + (next === 'EXPIRED' ? life : books.settings().statusStepMs), () => {
    const current = books.sms.get(id);
    if (current?.status === message.status) move(books, current, next);
  });
}

function move(books: Books, message: Sms, status: MessageStatus): void {
  const now = books.world.clock.now();
  const moved = { ...message, status, statusAt: now, startedAt: message.startedAt ?? now };
  books.sms.put(message.id, moved);
  if (FINAL.includes(status)) finish(books, moved);
  else carryOn(books, message.id);
  books.world.changed();
}

function finish(books: Books, message: Sms): void {
  books.onFinal(message);
  const all = messagesOf(books, message.campaignId);
  if (all.every((each) => FINAL.includes(each.status))) {
    changeCampaign(books, message.campaignId, { status: 'DONE' });
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
