/** Clicks on campaigns' links, written down under the names that the links have in the text. */
import { createBatch } from '@leadwire/shared/consumer/micro-batch';
import type { EventOf } from '@leadwire/shared/contract/events';
import { linkMark } from '@leadwire/shared/delivery/link-mark';
import {
  frozenCampaignSchema,
  thawCampaign,
  type ThawedCampaign,
} from '@leadwire/templates/frozen-campaign';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';
import { unsubscribeUrl, type UnsubscribeUrlOptions } from '../sending/unsubscribe-url.ts';
import { linkNames } from './link-names.ts';
import type { Click, Reader, ReportStore } from './report-store.ts';

const MAX_ROWS = 100;
/** Nobody sees this delay; clicks come in crowds after a mail has gone out. */
const WRITE_WAIT_MS = 50;
/** Campaigns whose texts are kept parsed. */
const KEPT_CAMPAIGNS = 20;

/** Links are made as in the mails. */
export interface ClickPorts extends UnsubscribeUrlOptions {
  reports: Pick<ReportStore, 'frozen' | 'readers' | 'storeClicks'>;
}

type Clicked = EventOf<'campaign.delivery_recorded.v1'>;

/** What is kept of a campaign: its texts, null when it has no mail, and its links that are everybody's. */
interface Known {
  texts: ThawedCampaign | null;
  names: Map<string, string>;
}

/** Returns a function that resolves when the click is written; once however often it is told. Throws as `Database`. */
export function createClicks({ reports, ...wayOut }: ClickPorts) {
  const kept = new Map<string, Known>();

  const knownOf = async (campaignId: string): Promise<Known> => {
    const known = kept.get(campaignId);
    if (known) return known;
    const frozen = frozenCampaignSchema.safeParse(await reports.frozen(campaignId)).data;
    const fresh = { texts: frozen?.mail ? thawCampaign(frozen) : null, names: new Map() };
    kept.set(campaignId, fresh);
    dropOldest(kept, KEPT_CAMPAIGNS);
    return fresh;
  };

  /** Of a link that is not known yet, from the mail that this person got. */
  const lookUp = async (mark: string, reader: Reader | undefined): Promise<string> => {
    if (!reader) return '';
    const { texts, names } = await knownOf(reader.campaignId);
    if (texts === null) return '';
    const url = unsubscribeUrl(wayOut, reader.recipientId, reader.contact);
    const own = linkNames(texts, reader, url);
    // A person's own link is looked up each time: kept, they would be as many as people.
    for (const [each, name] of own) if (linkMark(name) === each) names.set(each, name);
    return own.get(mark) ?? '';
  };

  const store = createBatch<Clicked>({
    maxRows: MAX_ROWS,
    maxWaitMs: WRITE_WAIT_MS,
    write: async (events) => {
      const ids = [...new Set(events.map(({ data }) => data.recipientId))];
      const readers = await reports.readers(ids);
      const clicks: Click[] = [];
      for (const { id, data } of events) {
        const { campaignId, recipientId, link: mark = '', at, byProgram } = data;
        const reader = readers.find((each) => each.recipientId === recipientId);
        const link = (await knownOf(campaignId)).names.get(mark) ?? (await lookUp(mark, reader));
        clicks.push({ eventId: id, campaignId, recipientId, link, at, byProgram });
      }
      await reports.storeClicks(clicks);
    },
  });
  return store;
}
