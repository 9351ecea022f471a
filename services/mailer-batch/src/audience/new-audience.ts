/** Takes a list for a draft: all of it, or nothing and the reasons. */
import { RequestError } from '@leadwire/shared/service/http-problems';
import { newId } from '@leadwire/shared/contract/ids';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { CampaignTemplates } from '@leadwire/templates/campaign-templates';
import { z } from 'zod';
import { readCsv, MOST_ROWS, type BrokenRow, type ListedPerson } from './audience-csv.ts';
import { readAudience, type Audience, type AudienceOptions } from './audience.ts';
import type { CopyStore } from '../campaigns/copy-store.ts';
import type { Campaign, CampaignStore } from '../campaigns/campaign-store.ts';
import { contactKind, readTexts } from '../campaigns/campaign-texts.ts';
import { findSegment, readSegment, segmentAudienceSchema } from './segment-audience.ts';
import type { SegmentStore } from './segment-store.ts';
import { readTable, tableAudienceSchema, tableProblem } from './table-audience.ts';
import type { TableAudience } from './table-audience.ts';

/** One call to the database carries so many people. */
const PEOPLE_PER_PART = 1_000;

const LONGEST_FIELD = 2_000;

const word = z.union([z.string().max(LONGEST_FIELD), z.number()]).nullish();
const listedSchema = z
  .object({ name: word, email: word, phone: word })
  .catchall(word)
  .meta({ description: 'Other fields are the person’s own variables.' });

const header = z.string().max(200).optional();
/** Columns of a CSV that are called what nobody would guess. */
export const namedColumnsSchema = z
  .strictObject({ name: header, email: header, phone: header })
  .meta({ description: 'Headers of the columns, where they are not known by themselves.' });

/** Where a list comes from. */
export const audienceSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('csv'),
    csv: z.string().optional().meta({ description: 'The file as text.' }),
    base64: z.string().optional().meta({
      description: 'Instead of csv: the file’s bytes in base64, in whatever encoding they are.',
    }),
    columns: namedColumnsSchema.optional(),
  }),
  z.strictObject({ kind: z.literal('list'), recipients: z.array(listedSchema).max(MOST_ROWS) }),
  tableAudienceSchema,
  segmentAudienceSchema,
]);
type CsvFile = { kind: 'csv'; csv: Buffer; columns?: z.infer<typeof namedColumnsSchema> };
export type AudienceSource = z.infer<typeof audienceSchema> | CsvFile;

export interface AudiencePorts {
  store: CampaignStore;
  templates: CampaignTemplates;
  databases: Partial<Record<TableAudience['project'], Pick<Database, 'rowsAfter'>>>;
  audienceTables: readonly string[];
  /** Who was erased, as of now. */
  readErased: () => Promise<(contact: string) => boolean>;
  segments: SegmentStore;
  copies: Pick<CopyStore, 'setSource' | 'patch'>;
  /** Of campaigns that say nothing else: where the days of a segment begin. */
  timeZone: string;
  /** Why no SMS is paid for to a number, or undefined. */
  smsRefusal: AudienceOptions['refusal'];
}

type ForCampaign = Pick<Campaign, 'template' | 'channel' | 'variables'> & {
  timeZone?: string | undefined;
};

/**
 * Reads a whole list. @throws RequestError 422 with the number and the reason of every row that cannot be used, or when
 * the table may not be read; otherwise as `Database`.
 */
export async function takeList(
  ports: AudiencePorts,
  campaign: ForCampaign,
  source: AudienceSource,
  exclude: readonly string[],
): Promise<Audience> {
  const { template, variables } = readTexts(ports.templates, campaign);
  const info = ports.templates.list().find(({ name }) => name === template);
  const perRecipient = (info?.variables ?? []).filter((variable) => variable.perRecipient);
  const nameOf = new Map(perRecipient.map(({ name }) => [name.toLowerCase(), name]));
  const broken: BrokenRow[] = [];
  const onBroken = (row: BrokenRow) => broken.push(row);
  const { channel, timeZone = ports.timeZone } = campaign;
  const list =
    source.kind === 'segment'
      ? readSegment(
          ports.segments,
          (await findSegment(ports.segments, source)).filter,
          { channel, timeZone },
          onBroken,
        )
      : open(ports, source, contactKind(channel), onBroken);
  const audience = await readAudience(list, {
    channel: campaign.channel,
    exclude,
    isErased: await ports.readErased(),
    broken,
    refusal: campaign.channel === 'sms' ? ports.smsRefusal : undefined,
    // Headers are written in any case.
    readVariables: (fields) =>
      ports.templates.readRecipient(
        template,
        variables,
        Object.fromEntries(
          Object.entries(fields).map(([key, value]) => [
            nameOf.get(key.toLowerCase()) ?? key,
            value,
          ]),
        ),
      ),
  });
  if (audience.broken.length > 0) throw brokenRows(audience.broken);
  if (source.kind === 'segment' && audience.people.length === 0) throw nobodyIn(audience);
  return audience;
}

/**
 * Stores a list as a draft's, with where it came from. @throws RequestError 404 or 409; otherwise as `Database`.
 */
export async function storeList(
  ports: Pick<AudiencePorts, 'store' | 'copies' | 'segments'>,
  id: string,
  { people, leftOut, notes }: Audience,
  source: AudienceSource,
  exclude: readonly string[] = [],
): Promise<void> {
  const { store, copies } = ports;
  const upload = newId();
  const parts = Math.max(1, Math.ceil(Math.max(people.length, leftOut.length) / PEOPLE_PER_PART));
  for (let part = 0; part < parts; part += 1) {
    const [from, to] = [part * PEOPLE_PER_PART, (part + 1) * PEOPLE_PER_PART];
    const stored = await store.setAudience(
      id,
      { people: people.slice(from, to), leftOut: leftOut.slice(from, to) },
      { upload, first: part === 0, last: part === parts - 1 },
    );
    if (stored.kind === 'missing') throw new RequestError(404, 'there is no such campaign');
    if (stored.kind === 'superseded')
      throw new RequestError(409, 'another list was begun meanwhile');
    if (stored.kind === 'not_draft') {
      throw new RequestError(409, `the campaign is ${stored.status}: its audience is frozen`);
    }
  }
  await copies.setSource(id, { ...(await sourceOf(ports, source)), exclude });
  await store.noteList(id, upload, notes);
}

/** Where the people came from, without the people. */
async function sourceOf(
  { segments }: Pick<AudiencePorts, 'segments'>,
  source: AudienceSource,
): Promise<object> {
  if (source.kind === 'segment') return findSegment(segments, source);
  if (source.kind !== 'table') return { kind: source.kind };
  const { kind, project, table, filter } = source;
  return { kind, project, table, filter };
}

/**
 * A segment is looked at anew when its campaign starts: who came into it since is written to, who left it is not.
 * @throws as `takeList` and `storeList`
 */
export async function refreshSegment(
  ports: AudiencePorts,
  campaign: ForCampaign & Pick<Campaign, 'id' | 'source'>,
): Promise<boolean> {
  const stored = storedSchema.safeParse(campaign.source);
  if (!stored.success) return false;
  const { segmentId, filter, exclude } = stored.data;
  const source = { kind: 'segment' as const, segmentId, filter };
  const list = await takeList(ports, campaign, source, exclude);
  await storeList(ports, campaign.id, list, source, exclude);
  return true;
}

const storedSchema = segmentAudienceSchema
  .extend({ exclude: z.array(z.string()).default([]) })
  .loose();

function nobodyIn({ leftOut }: Audience): RequestError {
  const message =
    leftOut.length === 0
      ? 'no lead, buyer or person of a past campaign fits it'
      : `all ${leftOut.length} of it are left out`;
  return new RequestError(422, 'the segment has nobody to write to', [
    { path: 'audience', message },
  ]);
}

function open(
  { databases, audienceTables }: AudiencePorts,
  source: Exclude<AudienceSource, { kind: 'segment' }>,
  needed: 'email' | 'phone',
  onBroken: (row: BrokenRow) => void,
): AsyncIterable<ListedPerson> {
  if (source.kind === 'csv') return readCsv(bytesOf(source), needed, onBroken, source.columns);
  if (source.kind === 'list') return readRecipients(source.recipients);
  const problem = tableProblem(source, audienceTables, databases);
  const database = databases[source.project];
  if (problem !== undefined || database === undefined) {
    const issue = { path: 'audience.table', message: problem ?? 'not configured' };
    throw new RequestError(422, 'this table cannot be read', [issue]);
  }
  return readTable(database, source, onBroken);
}

/** @throws RequestError 422 when there is no file, or two. */
function bytesOf(source: Extract<AudienceSource, { kind: 'csv' }>): Buffer {
  const base64 = 'base64' in source ? source.base64 : undefined;
  if ((source.csv === undefined) !== (base64 === undefined)) {
    return base64 === undefined ? Buffer.from(source.csv ?? '') : Buffer.from(base64, 'base64');
  }
  const issue = { path: 'audience', message: 'expected csv or base64' };
  throw new RequestError(422, 'there is not one list', [issue]);
}

/** Numbered from 1. */
async function* readRecipients(
  recipients: readonly z.infer<typeof listedSchema>[],
): AsyncGenerator<ListedPerson> {
  for (const [index, { name, email, phone, ...others }] of recipients.entries()) {
    const fields = Object.entries(others).map(([key, value]) => [key, text(value)] as const);
    yield {
      row: index + 1,
      name: text(name),
      email: text(email),
      phone: text(phone),
      fields: Object.fromEntries(fields),
    };
    // What is awaited here and there keeps the process answering.
    if (index % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
  }
}

function text(value: z.infer<typeof word>): string {
  return value === null || value === undefined ? '' : String(value);
}

function brokenRows(broken: readonly BrokenRow[]): RequestError {
  const count = broken.length === 1 ? 'one row' : `${broken.length} rows`;
  return new RequestError(
    422,
    `${count} of the list cannot be used, so nothing of it was taken`,
    broken.map(({ row, reason }) => ({ path: `row ${row}`, message: reason })),
  );
}
