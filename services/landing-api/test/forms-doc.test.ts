/** docs/FORMS.md keeps its word: every dialect and kind is there, and what it tells people to send is read. */
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { leadKinds } from '@leadwire/shared/contract/events';
import { dialects } from '@leadwire/shared/contract/intake-forms';
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import { parseJson } from '../src/forms/form-body.ts';
import { readForm } from '../src/forms/read-form.ts';

const doc = readFileSync(new URL('../../../docs/FORMS.md', import.meta.url), 'utf8');
const blockOf = (language: string) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(doc)![1]!;

function read(body: unknown) {
  if (!isRecord(body)) throw new TypeError('not an object');
  const post = { raw: Buffer.alloc(0), contentType: '', headers: {}, query: {}, body };
  return readForm(post, { dialect: 'auto', mapping: {} });
}

describe('docs/FORMS.md', () => {
  test.each([...dialects, ...leadKinds])('names %s', (word) => {
    expect(doc).toContain(`\`${word}\``);
  });

  test('has a body for Make that is read', () => {
    expect(read(parseJson(blockOf('json')))).toMatchObject({
      dialect: 'json',
      submission: { name: 'Айсулу', phone: '87000000101', utm_source: 'ig' },
    });
  });

  test('has a script for Google Forms whose posts are read, and that keeps what did not arrive', () => {
    const properties = new Map<string, string>();
    const sent: string[] = [];
    let status = 503;
    const store = {
      setProperty: (key: string, value: string) => properties.set(key, value),
      getProperties: () => Object.fromEntries(properties),
      deleteProperty: (key: string) => properties.delete(key),
    };
    const google = {
      PropertiesService: { getScriptProperties: () => store },
      UrlFetchApp: {
        fetch: (_url: string, { payload }: { payload: string }) => {
          sent.push(payload);
          return { getResponseCode: () => status };
        },
      },
      event: {
        response: {
          getId: () => 'r1',
          getItemResponses: () => [
            { getItem: () => ({ getTitle: () => 'Как вас зовут?' }), getResponse: () => 'Айсулу' },
            { getItem: () => ({ getTitle: () => 'Телефон' }), getResponse: () => '87000000101' },
          ],
        },
      },
    };
    runInNewContext(`${blockOf('js')}\nonFormSubmit(event);`, google);
    expect(properties.size).toBe(1);
    status = 200;
    runInNewContext('sendWaiting();', google);
    expect([properties.size, sent.length]).toEqual([0, 2]);
    expect(read(parseJson(sent[1]!))).toMatchObject({
      dialect: 'google-forms',
      id: 'google-forms:r1',
      submission: { name: 'Айсулу', phone: '87000000101' },
    });
  });
});
