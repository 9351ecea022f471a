/** docs/EVENTS.md says what the code says: every event with its fields, every stream, bucket and durable. */
import { describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { eventSchemas, type EventType } from '@leadwire/shared/contract/events';
import { consumers } from '@leadwire/shared/contract/consumers';
import { buckets, streams } from '@leadwire/shared/contract/topology';

const doc = readFileSync(new URL('../../../docs/EVENTS.md', import.meta.url), 'utf8');

/** The cells of every table row under a heading, without the table's head. */
function rowsUnder(heading: string): string[][] {
  const [, after] = doc.split(`\n${heading}\n`);
  if (after === undefined) throw new Error(`docs/EVENTS.md has no "${heading}"`);
  const section = after.split(/\n#{2,3} /)[0]!;
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  );
}

interface JsonSchema {
  type?: string | string[];
  format?: string;
  enum?: string[];
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

/** A field's type in a person's words. */
function typeInWords(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.join(', ');
  if (schema.anyOf) return schema.anyOf.map(typeInWords).join(' or ');
  if (schema.items) return `list of: ${typeInWords(schema.items)}`;
  if (schema.properties) return `object: ${fieldNames(schema).join(', ')}`;
  const formats: Record<string, string> = { uuid: 'UUID', 'date-time': 'time', uri: 'web address' };
  const type = [schema.type ?? 'anything'].flat().join(' or ');
  return formats[schema.format ?? ''] ?? type;
}

function fieldNames({ properties = {}, required = [] }: JsonSchema): string[] {
  return Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
}

function fieldsOf(type: EventType): string[][] {
  const schema = z.toJSONSchema(eventSchemas[type].shape.data) as JsonSchema;
  const names = fieldNames(schema);
  return Object.values(schema.properties ?? {}).map((field, n) => [
    `\`${names[n]}\``,
    typeInWords(field),
  ]);
}

const DAY = 24 * 60 * 60_000;
const code = (texts: readonly string[]) => texts.map((text) => `\`${text}\``).join(', ');

describe('docs/EVENTS.md', () => {
  test('has every event type and no other', () => {
    const headings = [...doc.matchAll(/^### `(.+)`$/gm)].map(([, type]) => type);
    expect(headings).toEqual(Object.keys(eventSchemas));
  });

  test.each(Object.keys(eventSchemas) as EventType[])('%s has its fields', (type) => {
    const rows = rowsUnder(`### \`${type}\``);
    expect(rows.map(([field, words]) => [field, words])).toEqual(fieldsOf(type));
    for (const [field, , meaning] of rows) expect([field, meaning]).not.toEqual([field, '']);
  });

  test('has the envelope', () => {
    const { data: _data, ...envelope } = eventSchemas['lead.created.v1'].shape;
    const fields = rowsUnder('## Envelope').map(([field]) => field);
    expect(fields).toEqual([...Object.keys(envelope), 'data'].map((name) => `\`${name}\``));
  });

  test('has every stream', () => {
    const expected = Object.entries(streams).map(
      ([name, { subjects, retention, maxAgeMs, what }]) => [
        `\`${name}\``,
        code(subjects),
        retention,
        maxAgeMs === 0 ? 'until settled' : `${maxAgeMs / DAY} days`,
        what,
      ],
    );
    expect(rowsUnder('## Streams')).toEqual(expected);
  });

  test('has every bucket', () => {
    const expected = Object.entries(buckets).map(([name, { ttlMs, what }]) => [
      `\`${name}\``,
      ttlMs === 0 ? 'for ever' : `${ttlMs / DAY} days`,
      what,
    ]);
    expect(rowsUnder('## Buckets')).toEqual(expected);
  });

  test('has every durable', () => {
    const expected = Object.entries(consumers).map(([name, spec]) => [
      `\`${name}\``,
      `\`${spec.stream}\``,
      code(spec.filters),
      String(spec.concurrency),
      String(spec.attempts),
      `${spec.ackWaitMs / 1_000} s`,
      spec.what,
    ]);
    expect(rowsUnder('## Durables')).toEqual(expected);
  });
});
