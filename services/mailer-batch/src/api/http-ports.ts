/** What the routes need. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { RequestError } from '@leadwire/shared/service/http-problems';
import type { Log } from '@leadwire/shared/runtime/log';
import { z } from 'zod';
import type { CampaignStore, NewCampaign, ReadCampaign } from '../campaigns/campaign-store.ts';
import type { TextPorts } from '../campaigns/campaign-texts.ts';
import type { CampaignChannel } from '../sending/channel.ts';
import type { ContactLists } from '../audience/contact-lists.ts';
import type { TextStore } from '@leadwire/operations/texts/text-store';
import type { OwnTexts } from '../campaigns/own-texts.ts';
import type { CopyStore } from '../campaigns/copy-store.ts';
import type { ReportStore } from '../reports/report-store.ts';
import type { SubjectStore } from '../campaigns/subject-store.ts';
import type { Pace } from '../campaigns/sending-time.ts';
import type { SequenceStore } from '../sequences/sequence-store.ts';
import type { DraftStore } from '../campaigns/draft-store.ts';
import type { AudiencePorts } from '../audience/new-audience.ts';
import type { TestSendPorts } from '../sending/test-send.ts';

export interface HttpPorts extends AudiencePorts, TextPorts {
  /** Where landing-api is reached: links to unsubscribe begin with it. */
  publicBaseUrl: string;
  log: Log;
  /** For the audit log, and pictures. */
  bus: Pick<Bus, 'name' | 'publish' | 'bucket' | 'lastUnder'>;
  store: CampaignStore;
  drafts: DraftStore;
  /** What people wrote; `templates` has what was so when it was refreshed. */
  texts: TextStore;
  ownTexts: OwnTexts;
  copies: CopyStore;
  reports: ReportStore;
  subjects: SubjectStore;
  sequences: SequenceStore;
  lists: ContactLists;
  channels: Record<'email' | 'sms', Pick<CampaignChannel, 'batchSize'>>;
  tests: TestSendPorts;
  /** For saying how long a campaign takes. */
  pace: Pace;
  /** For one segment. */
  smsPrice: number;
  /** Without them no SMS campaign starts. */
  areSmsOn: boolean;
  /** Of campaigns that say nothing else. */
  defaults: Required<
    Pick<NewCampaign, 'timeZone' | 'quietHours' | 'maxBouncePercent' | 'maxErrorPercent'>
  >;
  /** There may be batches to hand out: not at the next tick, but now. */
  wakePump: () => void;
  now: () => Date;
}

/** The path parameter of everything about one campaign. */
export const campaignParams = z.object({ id: z.uuid('expected the id of a campaign') });

/** @throws RequestError 404. */
export async function campaignById(
  store: Pick<CampaignStore, 'get'>,
  id: string,
): Promise<ReadCampaign> {
  const found = await store.get(id.toLowerCase());
  if (found === null) throw new RequestError(404, 'there is no such campaign');
  return found;
}
