/** What is shown of a campaign before it starts: who, how many, who is left out and why, what an SMS costs. */
import { setImmediate as breathe } from 'node:timers/promises';
import { explainSms, type SmsCost } from '@leadwire/templates/sms-length';
import type { ThawedCampaign } from '@leadwire/templates/frozen-campaign';
import type { Campaign, CampaignStore, LeftOutPerson, RecipientRow } from './campaign-store.ts';

const PAGE = 1_000;

/** What the SMS of a whole campaign cost. `estimate` is in the currency of the price. */
export interface SmsEstimate {
  people: number;
  segments: number;
  estimate: number;
  /** How many people get a text of one, two, … segments. */
  bySegments: Record<string, number>;
  /** The dearest text of all, and what makes it dear. */
  longest: { row: number; text: string } & SmsCost;
}

/** The person whose message is shown: of that row, or the first. Null for an empty audience. */
export async function personOf(
  store: Pick<CampaignStore, 'recipientsPage'>,
  id: string,
  row?: number,
): Promise<RecipientRow | null> {
  const [person] = await store.recipientsPage(id, (row ?? 1) - 1, 1);
  return person === undefined || (row !== undefined && person.row !== row) ? null : person;
}

/** Renders everybody's SMS, because they differ in length with names and links. Null for an empty audience. */
export async function estimateSms(
  store: Pick<CampaignStore, 'recipientsPage' | 'leftOutPage'>,
  campaign: Campaign,
  { texts, at, price }: { texts: ThawedCampaign; at: Date; price: number },
): Promise<SmsEstimate | null> {
  const bySegments: Record<string, number> = {};
  let [people, segments] = [0, 0];
  let longest: { row: number; text: string; segments: number } | undefined;
  const leftOut = await rowsLeftOut(store, campaign.id);
  for await (const person of peopleOf(store, campaign.id)) {
    if (leftOut.has(person.row)) continue;
    const sms = texts.sms(person, at);
    people += 1;
    segments += sms.segments;
    bySegments[sms.segments] = (bySegments[sms.segments] ?? 0) + 1;
    if (longest === undefined || sms.text.length > longest.text.length) {
      longest = { row: person.row, text: sms.text, segments: sms.segments };
    }
    if (people % 100 === 0) await breathe();
  }
  if (longest === undefined) return null;
  const estimate = Math.round(segments * price * 100) / 100;
  const { row, text } = longest;
  return { people, segments, estimate, bySegments, longest: { row, text, ...explainSms(text) } };
}

/** A draft's rows hold everybody; whom the database leaves out is known by their row. */
async function rowsLeftOut(
  store: Pick<CampaignStore, 'leftOutPage'>,
  id: string,
): Promise<ReadonlySet<number>> {
  const rows = new Set<number>();
  for await (const { row } of leftOutOf(store, id)) rows.add(row);
  return rows;
}

/** Everybody of an audience in the order of the list, a page at a time. */
export function peopleOf(
  store: Pick<CampaignStore, 'recipientsPage'>,
  id: string,
): AsyncGenerator<RecipientRow> {
  return allPages((after) => store.recipientsPage(id, after, PAGE));
}

/** Everybody of the list who is not written to, in its order, a page at a time. */
export function leftOutOf(
  store: Pick<CampaignStore, 'leftOutPage'>,
  id: string,
): AsyncGenerator<LeftOutPerson> {
  return allPages((after) => store.leftOutPage(id, after, PAGE));
}

async function* allPages<Row extends { row: number }>(
  pageAfter: (row: number) => Promise<Row[]>,
): AsyncGenerator<Row> {
  let after = 0;
  for (;;) {
    const page = await pageAfter(after);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.row;
  }
}
