/** What is shown of a campaign before it starts: who, how many, who is left out and why, what an SMS costs. */
import { setImmediate as breathe } from 'node:timers/promises';
import { explainSms, type SmsCost } from '@leadwire/templates/sms-length';
import type { ThawedCampaign } from '@leadwire/templates/frozen-campaign';
import type { Campaign, CampaignStore, LeftOutPerson, RecipientRow } from './campaign-store.ts';
import type { AlikePeople, DraftStore } from './draft-store.ts';

const PAGE = 1_000;
/** Rows of the list that the database looks through in one call, a tenth of a second: it answers their texts only. */
const ROWS_AT_ONCE = 20_000;
/** Enough to find somebody who is written to. */
const FEW_ROWS = 1_000;
/** The database's own greatest row; a list has fewer. */
const MOST_ROW = 2_147_483_647;
/** Texts rendered without letting others run. */
const RENDERED_AT_ONCE = 100;

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

/** The person whose message is shown: of that row, or the first who is written to. Null when there is none. */
export async function personOf(
  drafts: Pick<DraftStore, 'texts'>,
  id: string,
  row?: number,
): Promise<AlikePeople | null> {
  if (row !== undefined) {
    if (row > MOST_ROW) return null;
    const { groups } = await drafts.texts(id, row - 1, 1);
    return groups.find((group) => group.row === row) ?? null;
  }
  for await (const group of groupsOf(drafts, id, FEW_ROWS)) return group;
  return null;
}

/**
 * Renders everybody's SMS, because they differ in length with names and links, but each text once: of 100,000 people
 * with a few thousand names that is a matter of a second. Null for an empty audience.
 */
export async function estimateSms(
  drafts: Pick<DraftStore, 'texts'>,
  campaign: Campaign,
  { texts, at, price }: { texts: ThawedCampaign; at: Date; price: number },
): Promise<SmsEstimate | null> {
  const bySegments: Record<string, number> = {};
  let [people, segments] = [0, 0];
  let longest: { row: number; text: string; segments: number } | undefined;
  let rendered = 0;
  for await (const group of groupsOf(drafts, campaign.id)) {
    const sms = texts.sms(group, at);
    people += group.people;
    segments += sms.segments * group.people;
    bySegments[sms.segments] = (bySegments[sms.segments] ?? 0) + group.people;
    if (longest === undefined || sms.text.length > longest.text.length) {
      longest = { row: group.row, text: sms.text, segments: sms.segments };
    }
    rendered += 1;
    if (rendered % RENDERED_AT_ONCE === 0) await breathe();
  }
  if (longest === undefined) return null;
  const estimate = Math.round(segments * price * 100) / 100;
  const { row, text } = longest;
  return { people, segments, estimate, bySegments, longest: { row, text, ...explainSms(text) } };
}

/** Everybody who is written to, those together who get the same text. */
async function* groupsOf(
  drafts: Pick<DraftStore, 'texts'>,
  id: string,
  rowsAtOnce = ROWS_AT_ONCE,
): AsyncGenerator<AlikePeople> {
  let after: number | null = 0;
  while (after !== null) {
    const { groups, next } = await drafts.texts(id, after, rowsAtOnce);
    yield* groups;
    after = next;
  }
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
