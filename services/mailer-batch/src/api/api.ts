/** What the HTTP API needs, of the environment and of the parts of the service. */
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Log } from '@leadwire/shared/runtime/log';
import { isMobileOf } from '@leadwire/shared/contacts/mobile-numbers';
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { createTextStore, serviceDoor } from '@leadwire/operations/texts/text-store';
import { contactHash } from '@leadwire/shared/contacts/contact-hash';
import { readErasureList } from '@leadwire/shared/delivery/erasure-list';
import { loadCampaignTemplates } from '@leadwire/templates/campaign-templates';
import type { CampaignStore } from '../campaigns/campaign-store.ts';
import type { createChannels } from '../sending/channels.ts';
import { createContactLists } from '../audience/contact-lists.ts';
import { createSegmentStore } from '../audience/segment-store.ts';
import { createCopyStore } from '../campaigns/copy-store.ts';
import { createReportStore } from '../reports/report-store.ts';
import { createSubjectStore } from '../campaigns/subject-store.ts';
import { createDraftStore } from '../campaigns/draft-store.ts';
import type { MailerEnv } from '../env.ts';
import { createOwnTexts } from '../campaigns/own-texts.ts';
import { createSequenceStore } from '../sequences/sequence-store.ts';
import type { HttpPorts } from './http-ports.ts';

interface Parts extends Pick<ReturnType<typeof createChannels>, 'resend' | 'mobizon' | 'channels'> {
  log: Log;
  bus: Bus;
  /** Of the landing project, where campaigns are. */
  database: Database;
  store: CampaignStore;
  wakePump: () => void;
  now?: () => Date;
}

/** Compiles the templates. @throws TemplateError when a text is broken. */
export async function createHttpPorts(env: MailerEnv, parts: Parts): Promise<HttpPorts> {
  const { log, bus, database, store, channels, resend, mobizon, wakePump } = parts;
  const { now = () => new Date() } = parts;
  const texts = createTextStore(serviceDoor(database));
  const ownTexts = createOwnTexts(texts);
  return {
    log,
    bus,
    database,
    store,
    channels,
    wakePump,
    now,
    drafts: createDraftStore(database),
    copies: createCopyStore(database),
    reports: createReportStore(database),
    subjects: createSubjectStore(database),
    segments: createSegmentStore(database),
    sequences: createSequenceStore(database),
    timeZone: env.CAMPAIGN_TIME_ZONE,
    lists: createContactLists(database),
    texts,
    ownTexts,
    templates: await loadCampaignTemplates(undefined, ownTexts.templates),
    own: { brand: env.BRAND_NAME, supportEmail: env.SUPPORT_EMAIL ?? null },
    publicBaseUrl: env.PUBLIC_BASE_URL,
    databases: databasesOf(env, database),
    audienceTables: env.AUDIENCE_TABLES,
    readErased: async () => {
      const erased = await readErasureList(bus);
      return (contact) => erased.has(contactHash(env.CONTACT_HASH_SECRET, contact));
    },
    smsRefusal: (phone) => (isMobileOf(phone, env.SMS_COUNTRIES) ? undefined : 'sms_not_allowed'),
    tests: { resend, mobizon, mailFrom: env.RESEND_FROM_EMAIL, smsFrom: env.MOBIZON_FROM },
    pace: {
      callsPerSecond: { email: env.RESEND_RATE_PER_SECOND, sms: env.MOBIZON_RATE_PER_SECOND },
      smsPerHour: env.SMS_BUDGET_PER_HOUR,
      smsPerDay: env.SMS_BUDGET_PER_DAY,
    },
    smsPrice: env.MOBIZON_SMS_PRICE,
    areSmsOn: env.SMS_ENABLED,
    defaults: {
      timeZone: env.CAMPAIGN_TIME_ZONE,
      quietHours: env.CAMPAIGN_QUIET_HOURS === 'none' ? null : env.CAMPAIGN_QUIET_HOURS,
      maxBouncePercent: env.CAMPAIGN_MAX_BOUNCE_PERCENT,
      maxErrorPercent: env.CAMPAIGN_MAX_ERROR_PERCENT,
    },
  };
}

function databasesOf(env: MailerEnv, landing: Database): HttpPorts['databases'] {
  const { TRIPWIRE_SUPABASE_URL: url, TRIPWIRE_SERVICE_ROLE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) return { landing };
  return { landing, tripwire: createDatabase({ project: 'tripwire', url, serviceKey }) };
}
