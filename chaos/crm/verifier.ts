/** The judge of the CRM: what stands in AmoCRM, against the leads and the rows that people query. Pure. */
import type { LeadLine } from '../leads/evidence.ts';
import type { Finding } from '../leads/finding.ts';
import type { CrmEvidence } from './evidence.ts';

/** One person, one contact, one deal on the right stage; one note for each test; the limit kept. */
export function checkCrm(leads: readonly LeadLine[], crm: CrmEvidence | undefined): Finding[] {
  if (!crm) return [];
  const people = groupPeople(leads);
  return [
    ...people.flatMap((person) => checkPerson(person, crm)),
    ...leads.flatMap((lead) => checkNote(lead, crm)),
    ...checkContacts(crm),
    ...checkStrangers(leads, people.length, crm),
    ...checkPace(crm),
  ];
}

/** Leads with a contact in common, however far apart in the chain. */
function groupPeople(leads: readonly LeadLine[]): LeadLine[][] {
  const groups: LeadLine[][] = [];
  for (const lead of leads) {
    const isSame = (other: LeadLine) => other.contacts.some((one) => lead.contacts.includes(one));
    const joined = groups.filter((group) => group.some(isSame));
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push([...joined.flat(), lead]);
  }
  return groups;
}

function checkPerson(person: LeadLine[], { rows, deals, stages }: CrmEvidence): Finding[] {
  const findings: Finding[] = [];
  const about = person[0]?.leadId ?? '';
  for (const { leadId } of person) {
    const dealId = rows.get(leadId);
    if (dealId === undefined) findings.push(finding('lost', leadId, 'the lead has no deal'));
    else if (!deals.some(({ id }) => id === dealId)) {
      findings.push(finding('mismatched', leadId, 'its deal is not in AmoCRM'));
    }
  }
  const references = person.map(({ leadId }) => `#${leadId.slice(-12)}`);
  const own = deals.filter(({ name }) => references.some((one) => name.endsWith(one)));
  if (own.length > 1) findings.push(finding('doubled', about, `${own.length} deals of one person`));
  const named = new Set(person.map(({ leadId }) => rows.get(leadId)));
  if (named.size > 1) findings.push(finding('mismatched', about, 'rows with different deals'));
  const wanted = person.some(({ isPaid }) => isPaid) ? stages.paid : stages.first;
  const [deal] = own;
  if (deal && deal.stageId !== wanted) {
    findings.push(finding('mismatched', about, `the deal is on ${deal.stageId}, not ${wanted}`));
  }
  return findings;
}

/** A test has answers to be noted, once. */
function checkNote({ leadId, isPaid }: LeadLine, { notes }: CrmEvidence): Finding[] {
  const count = notes.filter((text) => text.includes(leadId)).length;
  if (count > 1) return [finding('doubled', leadId, `${count} notes of one lead`)];
  return count === 0 && !isPaid ? [finding('lost', leadId, 'the answers are not noted')] : [];
}

function checkContacts({ contacts }: CrmEvidence): Finding[] {
  const seen = new Set<string>();
  return contacts.flatMap(({ id, reach }) => {
    const isTwice = reach.some((one) => seen.has(one));
    for (const one of reach) seen.add(one);
    return isTwice ? [finding('doubled', String(id), 'two contacts of one person')] : [];
  });
}

/** Whatever is there beyond the people who came. */
function checkStrangers(
  leads: readonly LeadLine[],
  people: number,
  { deals, contacts }: CrmEvidence,
): Finding[] {
  const references = leads.map(({ leadId }) => `#${leadId.slice(-12)}`);
  const strange = deals.filter(({ name }) => !references.some((one) => name.endsWith(one)));
  return [
    ...strange.map(({ id }) => finding('mismatched', String(id), 'a deal of nobody who came')),
    ...(contacts.length > people
      ? [finding('doubled', 'contacts', `${contacts.length} contacts for ${people} people`)]
      : []),
  ];
}

function checkPace({ arrivals, limitPerSecond }: CrmEvidence): Finding[] {
  const busiest = busiestSecond(arrivals);
  if (busiest <= limitPerSecond) return [];
  return [
    finding('hurried', 'amocrm', `${busiest} requests in a second, ${limitPerSecond} allowed`),
  ];
}

/** Most arrivals in any sliding second. */
export function busiestSecond(arrivals: readonly number[]): number {
  const times = [...arrivals].sort((a, b) => a - b);
  let from = 0;
  let most = 0;
  for (const [index, at] of times.entries()) {
    while ((times[from] ?? at) <= at - 1_000) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

function finding(kind: Finding['kind'], about: string, what: string): Finding {
  return { kind, about, what };
}
