/**
 * The judge: compares what was promised (answered 201), what we wrote down (stream, delivery ledger, database)
 * and what the providers really did. It knows nothing of how the system works and believes none of the three.
 */
import { checkCrm } from '../crm/verifier.ts';
import { findingKinds, type Finding, type FindingKind } from './finding.ts';
import type { DeliveryLine, DeliveryRow, EffectLine, Evidence, LeadLine } from './evidence.ts';

export interface Verdict {
  findings: Finding[];
  counts: Record<FindingKind, number>;
  leads: number;
  sent: number;
  skipped: number;
  /** Deliveries that ended as `unknown`, by reason. */
  unknown: Record<string, number>;
}

/** Ends besides `sent` that a scenario may cause: `unknown: idempotency_key_expired`. */
export type AllowedEnds = readonly string[];

const CHANNELS = ['email', 'sms'] as const;
type Channel = (typeof CHANNELS)[number];
/** What the database calls the states of the ledger. */
const STATUS_OF: Record<string, string> = { planned: 'pending', sending: 'pending' };

/** Compares the ledgers. Every finding is a defect of the system (or of this comparison). */
export function verify(evidence: Evidence, allowedEnds: AllowedEnds = []): Verdict {
  const effects = groupBy(evidence.effects, ({ deliveryId }) => deliveryId ?? '(unnamed)');
  const findings: Finding[] = [
    ...checkAccepted(evidence),
    ...checkPeople(evidence),
    ...checkEffects(evidence, effects),
    ...checkLimits(evidence),
    ...checkCrm(evidence.leads, evidence.crm),
  ];
  const planned = new Map(
    evidence.deliveries.map((line) => [`${line.leadId} ${line.channel}`, line]),
  );
  const tracking = new Map(evidence.tracking.map((line) => [line.leadId, line]));
  for (const lead of evidence.leads) {
    if (!evidence.leadRows.has(lead.leadId)) {
      findings.push(finding('mismatched', lead.leadId, 'the lead has no row in the database'));
    }
    for (const channel of CHANNELS) {
      const line = planned.get(`${lead.leadId} ${channel}`);
      const done = line ? (effects.get(line.deliveryId) ?? []) : [];
      // Whoever comes again and again is written to only so often.
      const cameBack = lead.contacts.some((contact) => evidence.shared.has(contact));
      const allowed = cameBack ? [...allowedEnds, PERSON_LIMIT] : allowedEnds;
      findings.push(...checkEnd(lead, channel, line, done, allowed));
      if (!line) continue;
      findings.push(...checkRow(line, evidence.rows.get(line.deliveryId), done));
      const tracked = tracking.get(lead.leadId)?.[channel];
      if (tracked !== statusOf(line)) {
        const detail = `the second project says ${tracked ?? 'nothing'}, the ledger ${statusOf(line)}`;
        findings.push(finding('mismatched', line.deliveryId, detail));
      }
    }
  }
  return summarise(evidence, findings);
}

/** What one person gets in a day, however often they come: services/notifier/src/gate.ts and its settings. */
const MOST_A_DAY = { sms: 2, mail: 6 };
const PERSON_LIMIT = 'skipped: person_limit';

function checkLimits({ effects }: Evidence): Finding[] {
  return [...groupBy(effects, ({ kind, to }) => `${kind} ${to}`).values()]
    .filter((lines) => lines.length > MOST_A_DAY[lines[0]?.kind ?? 'sms'])
    .map((lines) => finding('doubled', lines[0]?.deliveryId ?? '', 'beyond the limit of a person'));
}

/** Each submission that got its 201 is one lead in the stream, and always the same one. */
function checkAccepted({ accepted, leads }: Evidence): Finding[] {
  const inStream = groupBy(leads, ({ leadId }) => leadId);
  const byKey = groupBy(accepted, ({ key }) => key);
  return [
    ...accepted
      .filter(({ leadId }) => !inStream.has(leadId))
      .map(({ leadId }) => finding('lost', leadId, 'accepted, but not in the stream')),
    ...[...inStream]
      .filter(([, lines]) => lines.length > 1)
      .map(([leadId, lines]) => {
        const places = lines.map(({ place }) => place).join(' and ');
        return finding('doubled', leadId, `in the stream more than once: ${places}`);
      }),
    ...[...byKey]
      .filter(([, answers]) => new Set(answers.map(({ leadId }) => leadId)).size > 1)
      .map(([key]) => finding('doubled', key, 'one submission was answered with two lead ids')),
  ];
}

/**
 * Two submissions with the same contact are two leads only where somebody came twice on purpose; otherwise two leads
 * or two messages are one too many.
 */
function checkPeople({ leads, effects, shared }: Evidence): Finding[] {
  const contacts = leads
    .flatMap(({ leadId, contacts }) => contacts.map((contact) => ({ leadId, contact })))
    .filter(({ contact }) => !shared.has(contact));
  const doubledLeads = [...groupBy(contacts, ({ contact }) => contact).values()]
    .filter((lines) => new Set(lines.map(({ leadId }) => leadId)).size > 1)
    .map(([first]) => finding('doubled', first?.leadId ?? '', 'one person became two leads'));
  const once = effects.filter(({ to }) => !shared.has(to));
  const doubledMessages = [...groupBy(once, ({ kind, to }) => `${kind} ${to}`).values()]
    .filter((lines) => lines.length > 1)
    .map((lines) => {
      const [first] = lines;
      const about = first?.deliveryId ?? '(unnamed)';
      return finding('doubled', about, `${lines.length} of one ${first?.kind} to one person`);
    });
  return [...doubledLeads, ...doubledMessages];
}

/** What providers did without anybody having planned it, and what they did too soon. */
function checkEffects(evidence: Evidence, effects: Map<string, EffectLine[]>): Finding[] {
  const byId = new Map(evidence.deliveries.map((line) => [line.deliveryId, line]));
  const findings: Finding[] = [];
  for (const [deliveryId, done] of effects) {
    const line = byId.get(deliveryId);
    if (!line) {
      findings.push(finding('mismatched', deliveryId, 'sent, but not in the ledger'));
      continue;
    }
    const [first] = done;
    if (first && Date.parse(first.at) < Date.parse(line.dueAt)) {
      const ms = Date.parse(line.dueAt) - Date.parse(first.at);
      findings.push(finding('early', deliveryId, `sent ${ms} ms before it was due`));
    }
    const people = new Set(done.map(({ to }) => to));
    if (people.size > 1)
      findings.push(finding('doubled', deliveryId, 'one delivery to two people'));
  }
  return findings;
}

/** How a message ended, against what its contact and the providers' ledger demand. */
function checkEnd(
  lead: LeadLine,
  channel: Channel,
  line: DeliveryLine | undefined,
  done: EffectLine[],
  allowedEnds: AllowedEnds,
): Finding[] {
  if (!line) return [finding('lost', lead.leadId, `the ${channel} was never planned`)];
  const about = line.deliveryId;
  const end = line.reason === undefined ? line.state : `${line.state}: ${line.reason}`;
  switch (line.state) {
    case 'planned':
    case 'sending':
      return [finding('unsettled', about, `the ${channel} is still ${line.state}`)];
    case 'sent':
      return done.length > 0 ? [] : [finding('lost', about, `recorded as sent, but never sent`)];
    case 'unknown':
      return line.reason !== undefined && allowedEnds.includes(end)
        ? []
        : [finding('unexplained', about, `the ${channel} ended as ${end}`)];
    case 'failed':
    case 'skipped': {
      if (done.length > 0) return [finding('mismatched', about, `${end}, but it was sent`)];
      const isRight = line.state === 'skipped' && lead.unreachable.includes(channel);
      if (isRight || allowedEnds.includes(end)) return [];
      return [finding('lost', about, `the ${channel} ended as ${end}`)];
    }
  }
}

/** The row that people query, against the ledger and the provider. */
function checkRow(line: DeliveryLine, row: DeliveryRow | undefined, done: EffectLine[]): Finding[] {
  const about = line.deliveryId;
  const wanted = statusOf(line);
  if (!row) return [finding('mismatched', about, 'the delivery has no row in the database')];
  if (row.status !== wanted) {
    const detail = `the database says ${row.status}, the ledger ${wanted}`;
    return [finding('mismatched', about, detail)];
  }
  const ids = done.flatMap(({ ids }) => ids);
  if (wanted === 'sent' && done.length > 0 && !ids.includes(row.providerId ?? '')) {
    const detail = `the database has ${row.providerId ?? 'no id'}, the provider ${ids.join(' or ')}`;
    return [finding('mismatched', about, detail)];
  }
  return [];
}

function summarise({ leads, deliveries }: Evidence, findings: Finding[]): Verdict {
  const unknown: Record<string, number> = {};
  for (const { state, reason = '(no reason)' } of deliveries) {
    if (state === 'unknown') unknown[reason] = (unknown[reason] ?? 0) + 1;
  }
  const ended = (state: string) => deliveries.filter((line) => line.state === state).length;
  const [sent, skipped] = [ended('sent'), ended('skipped')];
  return { findings, counts: countByKind(findings), leads: leads.length, sent, skipped, unknown };
}

/** How many findings there are of each kind. */
export function countByKind(findings: readonly Finding[]): Verdict['counts'] {
  const count = (kind: FindingKind) => findings.filter((each) => each.kind === kind).length;
  const counts = findingKinds.map((kind) => [kind, count(kind)]);
  return Object.fromEntries(counts) as Verdict['counts'];
}

function statusOf({ state }: DeliveryLine): string {
  return STATUS_OF[state] ?? state;
}

function finding(kind: FindingKind, about: string, what: string): Finding {
  return { kind, about, what };
}

/** Items by a key of theirs. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
