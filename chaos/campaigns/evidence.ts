/** The ledgers of campaigns: what the database says while they run and at the end, and what the providers did and saw. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CampaignEvidence, Pace, PersonLine, Sample } from './verifier.ts';
import type { CampaignWorld } from './world.ts';

type Sources = Pick<CampaignWorld, 'supabase' | 'sandbox' | 'rates'>;

const EVERY_MS = 200;
/** Ended campaigns are looked at a little longer: something may still write to them. */
const LOOK = `
  select c.id as "campaignId", c.status, c.paused_at::text as "pausedAt", c.total as audience,
    public.leadwire_campaign_counts(c.id) as told,
    (select jsonb_object_agg(k.status, k.n) from (
      select r.status, count(*) as n from public.campaign_recipients r where r.campaign_id = c.id group by r.status
    ) k) as counts,
    (select sum(r.attempts)::integer from public.campaign_recipients r where r.campaign_id = c.id) as claims
  from public.campaigns c
  where c.status in ('running', 'paused')
    or c.status <> 'draft' and c.updated_at > clock_timestamp() - interval '2 seconds'`;
const HELD_BACK = `
  select r.id from public.suppressions s
  join public.campaigns c on c.channel = s.channel
  join public.campaign_recipients r on r.campaign_id = c.id and r.contact = s.contact
  where r.status = 'pending'`;

/** Looks at all campaigns five times a second, past every fault. */
export interface Witness {
  readonly samples: readonly Sample[];
  /** The last look at each campaign. */
  readonly latest: ReadonlyMap<string, Sample>;
  readonly heldBack: ReadonlySet<string>;
  /** @throws what a look threw. */
  stop(): Promise<void>;
}

/** Begins at once. */
export function startWitness({ supabase: { landing } }: Pick<Sources, 'supabase'>): Witness {
  const samples: Sample[] = [];
  const latest = new Map<string, Sample>();
  const heldBack = new Set<string>();
  let isOver = false;
  const look = async (): Promise<void> => {
    while (!isOver) {
      for (const sample of await landing.sql<Sample>(LOOK)) {
        samples.push(sample);
        latest.set(sample.campaignId, sample);
      }
      for (const { id } of await landing.sql<{ id: string }>(HELD_BACK)) heldBack.add(id);
      await delay(EVERY_MS);
    }
  };
  const looking = look();
  // Told by `stop`.
  looking.catch(() => undefined);
  return {
    samples,
    latest,
    heldBack,
    async stop() {
      isOver = true;
      await looking;
    },
  };
}

/** A time in which a campaign had a limit of its own: Unix milliseconds. */
export interface SlowTime {
  campaignId: string;
  limitPerSecond: number;
  from: number;
  to: number;
}

type Seen = Pick<CampaignEvidence, 'refusable' | 'undecidable'> & { slow: readonly SlowTime[] };

/** Reads all ledgers once everything is over. @throws when one cannot be read. */
export async function collectCampaigns(
  { supabase: { landing }, sandbox, rates: { allowed } }: Sources,
  { samples, heldBack }: Witness,
  { slow, ...seen }: Seen,
): Promise<CampaignEvidence> {
  const mailCalls = await sandbox.requests('resend');
  const struck = new Map<string, string[]>();
  for (const { idempotencyKey, faultId } of mailCalls) {
    if (idempotencyKey === null || faultId === null) continue;
    struck.set(idempotencyKey, [...(struck.get(idempotencyKey) ?? []), faultId]);
  }
  const rows = await landing.sql<Omit<PersonLine, 'struckBy'> & { key: string | null }>(`
    select r.id, r.campaign_id as "campaignId", r.status, r.reason, b.idempotency_key as key,
      case c.channel when 'sms' then ltrim(r.contact, '+') else r.contact end as contact
    from public.campaign_recipients r join public.campaigns c on c.id = r.campaign_id
    left join public.campaign_batches b on b.campaign_id = r.campaign_id and b.n = r.batch`);
  const suppressed = await landing.sql<{ id: string }>(HELD_BACK.replace(/where[^]*$/, ''));
  return {
    ...seen,
    samples,
    heldBack,
    suppressed: new Set(suppressed.map(({ id }) => id)),
    campaigns: await landing.sql('select id, status, total as audience from public.campaigns'),
    people: rows.map(({ key, ...person }) => ({
      ...person,
      struckBy: struck.get(key ?? '') ?? [],
    })),
    copies: await readCopies(sandbox),
    paces: [
      { what: 'resend', limitPerSecond: allowed, arrivals: mailCalls.map(({ at }) => at) },
      {
        what: 'mobizon',
        limitPerSecond: allowed,
        arrivals: (await sandbox.requests('mobizon')).map(({ at }) => at),
      },
      ...slow.map(({ campaignId, limitPerSecond, from, to }): Pace => {
        const own = mailCalls.filter(
          ({ idempotencyKey, at }) => isOf(campaignId, idempotencyKey) && at >= from && at < to,
        );
        const arrivals = own.map(({ at }) => at);
        return { what: `slowed ${campaignId}`, limitPerSecond, arrivals };
      }),
    ],
  };
}

/** Whether a call's key is of a batch of the campaign. */
export function isOf(campaignId: string, idempotencyKey: string | null): boolean {
  return idempotencyKey?.startsWith(`campaign-${campaignId}-`) ?? false;
}

/** Mails name their campaign in a tag, SMS in the name of Mobizon's campaign, which begins with our own name of it. */
async function readCopies(sandbox: CampaignWorld['sandbox']) {
  const [mails, sms] = [await sandbox.mails(), await sandbox.sms()];
  const tagged = ({ tags }: (typeof mails)[number]) =>
    tags.find(({ name }) => name === 'campaign_id')?.value ?? '';
  return [
    ...mails.flatMap((mail) => mail.to.map((to) => ({ campaignId: tagged(mail), to }))),
    ...sms.flatMap(({ to: numbers, campaignName }) =>
      numbers.map((to) => ({ campaignId: campaignName.split(' ')[0] ?? '', to })),
    ),
  ];
}
