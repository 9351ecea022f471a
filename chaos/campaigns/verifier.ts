/**
 * The judge of campaigns: what the database said of them, while they ran and at the end, against what providers really
 * did. Pure; it knows nothing of batches, claims and keys.
 */
import { busiestSecond } from '../crm/verifier.ts';
import { countByKind, groupBy, type Verdict } from '../leads/verifier.ts';
import type { Finding } from '../leads/finding.ts';

export const personStatuses = [
  'pending',
  'sending',
  'sent',
  'failed',
  'skipped',
  'unknown',
] as const;
export type PersonStatus = (typeof personStatuses)[number];

/** One look at a campaign while it ran. */
export interface Sample {
  campaignId: string;
  status: string;
  /** When it was paused, if ever: the same pause has the same time. */
  pausedAt: string | null;
  /** What was confirmed at the start. */
  audience: number;
  /** Rows by status, as they stand in the table. */
  counts: Readonly<Record<string, number>>;
  /** The same as the product counts them. */
  told: Readonly<Record<string, number>>;
  /** How often anybody of it was claimed, all together. */
  claims: number;
}

export interface PersonLine {
  id: string;
  campaignId: string;
  /** A mail address, or a number in digits. */
  contact: string;
  status: string;
  reason: string | null;
  /** Ids of the faults that struck calls about this person. */
  struckBy: readonly string[];
}

/** One message that a provider took. */
export interface CopyLine {
  campaignId: string;
  to: string;
}

/** A limit, and when calls under it arrived (Unix milliseconds). */
export interface Pace {
  what: string;
  limitPerSecond: number;
  arrivals: readonly number[];
}

export interface CampaignEvidence {
  campaigns: readonly { id: string; status: string; audience: number }[];
  /** In the order of time. */
  samples: readonly Sample[];
  people: readonly PersonLine[];
  copies: readonly CopyLine[];
  /** Ids of people who were seen suppressed and not claimed at one moment. */
  heldBack: ReadonlySet<string>;
  /** Ids of people who were suppressed sooner or later. */
  suppressed: ReadonlySet<string>;
  /** Contacts that a provider refuses whatever is done: failed or skipped, as it says. */
  refusable: ReadonlySet<string>;
  /** Reasons of `unknown` that only this fault explains, by reason. */
  undecidable: Readonly<Record<string, string>>;
  paces: readonly Pace[];
}

/** Compares the ledgers. Every finding is a defect of the system (or of this comparison). */
export function verifyCampaigns(evidence: CampaignEvidence): Verdict {
  const copies = groupBy(evidence.copies, keyOf);
  const findings: Finding[] = [
    ...evidence.samples.flatMap(checkSum),
    ...[...groupBy(evidence.samples, ({ campaignId }) => campaignId).values()].flatMap(checkCourse),
    ...evidence.campaigns.flatMap((campaign) => checkEnd(campaign, evidence)),
    ...evidence.people.flatMap((person) =>
      checkPerson(person, copies.get(keyOf(toCopy(person)))?.length ?? 0, evidence),
    ),
    ...checkStrangers(copies, evidence),
    ...evidence.paces.flatMap(checkPace),
  ];
  return summarise(evidence, findings);
}

/** At every moment everybody of the audience is in one state. */
function checkSum({ campaignId, audience, counts, told }: Sample): Finding[] {
  const sum = (of: Readonly<Record<string, number>>) =>
    personStatuses.reduce((total, status) => total + (of[status] ?? 0), 0);
  const findings: Finding[] = [];
  if (sum(counts) !== audience) {
    const what = `the states add up to ${sum(counts)} of ${audience} people`;
    findings.push(finding('miscounted', campaignId, what));
  }
  if (sum(told) !== audience || told['audience'] !== audience) {
    const what = `told: ${sum(told)} people in states, ${told['audience']} of ${audience} in all`;
    findings.push(finding('miscounted', campaignId, what));
  }
  return findings;
}

/** From one look to the next: the audience is frozen, and nobody is claimed in a pause. */
function checkCourse(samples: readonly Sample[]): Finding[] {
  return samples.slice(1).flatMap((sample, index) => {
    const before = samples[index];
    if (!before) return [];
    const { campaignId } = sample;
    const findings: Finding[] = [];
    if (sample.audience !== before.audience) {
      findings.push(finding('miscounted', campaignId, 'the audience changed after the start'));
    }
    const isOnePause =
      [before, sample].every(({ status }) => status === 'paused') &&
      before.pausedAt === sample.pausedAt;
    if (isOnePause && sample.claims > before.claims) {
      findings.push(finding('unwanted', campaignId, 'people were claimed while it was paused'));
    }
    return findings;
  });
}

function checkEnd(
  { id, status, audience }: CampaignEvidence['campaigns'][number],
  { people }: CampaignEvidence,
): Finding[] {
  const findings: Finding[] = [];
  if (status !== 'finished') findings.push(finding('unsettled', id, `the campaign is ${status}`));
  const count = people.filter(({ campaignId }) => campaignId === id).length;
  if (count !== audience) {
    findings.push(finding('miscounted', id, `${count} people in the end, ${audience} at first`));
  }
  return findings;
}

/** How somebody ended, against what the provider did for them. */
function checkPerson(person: PersonLine, copies: number, evidence: CampaignEvidence): Finding[] {
  const { id, status, reason } = person;
  const findings: Finding[] = [];
  const report = (kind: Finding['kind'], what: string) => findings.push(finding(kind, id, what));
  const end = reason === null ? status : `${status}: ${reason}`;
  const isHeldBack = evidence.heldBack.has(id);
  if (copies > 1) report('doubled', `${copies} copies of one campaign to one person, ${end}`);
  if (isHeldBack && copies > 0) report('unwanted', 'suppressed before the claim, and written to');
  switch (status) {
    case 'sent':
      if (copies === 0) report('lost', 'recorded as sent, but never sent');
      break;
    case 'unknown':
      if (!isExcused(person, evidence)) report('unexplained', `ended as ${end}`);
      break;
    case 'failed':
    case 'skipped': {
      if (copies > 0) report('mismatched', `${end}, but it was sent`);
      const isRefused = evidence.refusable.has(person.contact);
      const hasLeft = status === 'skipped' && evidence.suppressed.has(id);
      if (!isRefused && !hasLeft) report('lost', `ended as ${end}`);
      break;
    }
    default:
      report('unsettled', `still ${status}`);
  }
  return findings;
}

/** Whether a fault made it impossible to say what became of the call. */
function isExcused({ reason, struckBy }: PersonLine, { undecidable }: CampaignEvidence): boolean {
  const fault = undecidable[reason ?? ''];
  return fault !== undefined && struckBy.includes(fault);
}

function checkStrangers(
  copies: ReadonlyMap<string, readonly CopyLine[]>,
  { people }: CampaignEvidence,
): Finding[] {
  const known = new Set(people.map((person) => keyOf(toCopy(person))));
  return [...copies]
    .filter(([key]) => !known.has(key))
    .map(([, [copy]]) =>
      finding('mismatched', copy?.campaignId ?? '', 'a copy to somebody who is not in it'),
    );
}

function checkPace({ what, limitPerSecond, arrivals }: Pace): Finding[] {
  const busiest = busiestSecond(arrivals);
  if (busiest <= limitPerSecond) return [];
  return [finding('hurried', what, `${busiest} calls in a second, ${limitPerSecond} allowed`)];
}

function summarise({ people }: CampaignEvidence, findings: Finding[]): Verdict {
  const unknown: Record<string, number> = {};
  for (const { status, reason } of people) {
    const why = reason ?? '(no reason)';
    if (status === 'unknown') unknown[why] = (unknown[why] ?? 0) + 1;
  }
  const ended = (as: PersonStatus) => people.filter(({ status }) => status === as).length;
  const [sent, skipped] = [ended('sent'), ended('skipped')];
  return {
    findings,
    counts: countByKind(findings),
    leads: people.length,
    sent,
    skipped,
    unknown,
  };
}

function keyOf({ campaignId, to }: CopyLine): string {
  return `${campaignId} ${to}`;
}

function toCopy({ campaignId, contact }: PersonLine): CopyLine {
  return { campaignId, to: contact };
}

function finding(kind: Finding['kind'], about: string, what: string): Finding {
  return { kind, about, what };
}
