/** What the relay does with leads: `planLead` plans a notice for each group, `sendNotice` sends one. */
import type { LeadCreated, TelegramNotice } from '@leadwire/shared/events';

export interface Relay {
  planLead: (event: LeadCreated) => Promise<void>;
  sendNotice: (event: TelegramNotice) => Promise<void>;
  giveUp: (event: TelegramNotice, error: Error) => Promise<void>;
}

export function createRelay(): Relay {
  return {
    planLead: () => Promise.resolve(),
    sendNotice: () => Promise.resolve(),
    giveUp: () => Promise.resolve(),
  };
}
