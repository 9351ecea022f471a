import { connect } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { answerOf, form, startApi, type TestApi } from './start-api.ts';

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker);
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

const problem = (paths: string[] = []) => ({
  success: false,
  error: expect.any(String),
  issues: paths.map((path) => ({ path, message: expect.any(String) })),
});

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const withAnswers = (json: string) => `{"name":"Анна","phone":"87051234567","answers":${json}}`;

describe('a body that cannot be used is refused with its reason', () => {
  test.each([
    ['no JSON', '{', 400],
    ['nothing', '', 400],
    ['a trailing comma', '{"name":"A",}', 400],
    ['single quotes', "{'name':'A'}", 400],
    ['a form body', 'name=A&phone=8705', 400],
    ['two documents', '{}{}', 400],
    ['an array', '[]', 400],
    ['an array of leads', JSON.stringify([form('a')]), 400],
    ['null', 'null', 400],
    ['a text', '"Анна"', 400],
    ['a number', '1e999', 400],
    ['an empty object', '{}', 400],
    ['a phone behind a prototype', '{"__proto__":{"name":"A","phone":"87051234567"}}', 400],
    ['only numbers', '{"name":1,"email":2,"phone":3}', 400],
    ['nesting of 21 levels', withAnswers(nested(21)), 400],
    ['nesting of 5,000 levels', withAnswers(nested(5_000)), 400],
    ['nesting of 16,000 arrays', '['.repeat(16_000) + ']'.repeat(16_000), 400],
    ['more than 32 KiB', withAnswers(`"${'я'.repeat(17_000)}"`), 413],
  ])('%s', async (_what, body, status) => {
    const answer = await api.post('/api/landing/proftest', body);
    expect(answer).toMatchObject({ status, body: { success: false } });
    expect(answer.body).toEqual({ ...problem(), issues: expect.any(Array) });
  });

  test.each([
    ['application/xml', '<lead/>'],
    ['nonsense', '{}'],
  ])('content type %s', async (type, body) => {
    const answer = await api.post('/api/landing/submit', body, { 'content-type': type });
    expect(answer).toMatchObject({ status: 415, body: problem() });
  });

  test('the fields that have to be mended are named', async () => {
    const { status, body } = await api.post('/api/landing/submit', { name: '', phone: '12' });
    expect({ status, body }).toEqual({ status: 400, body: problem(['email', 'phone']) });
  });
});

describe('a strange body of a reachable person is a clean lead', () => {
  test.each([
    [
      'prototype keys',
      '{"name":"Анна","phone":"87051234567","__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}',
    ],
    [
      'prototype keys deep in the answers',
      withAnswers('{"a":{"__proto__":{"b":1}},"constructor":{"prototype":{}}}'),
    ],
    ['null bytes', withAnswers('{"a\\u0000":"\\u0000"}')],
    ['lone surrogates', withAnswers('["\\ud800","\\udfff\\ud800"]')],
    ['numbers beyond all numbers', withAnswers('[1e999,-1e999,123456789012345678901234567890]')],
    ['nesting of 15 levels', withAnswers(nested(15))],
    ['empty keys', withAnswers('{"":{"":""}}')],
    ['the same key twice', '{"name":"X","name":"Анна","phone":"87051234567"}'],
    [
      'thousands of fields',
      `{"name":"Анна","phone":"87051234567",${Array.from({ length: 2_000 }, (_, i) => `"k${i}":${i}`).join()}}`,
    ],
    [
      'very long texts',
      JSON.stringify({
        name: 'Анна'.repeat(900),
        phone: '8705'.repeat(900),
        email: 'a'.repeat(9_000),
      }),
    ],
    [
      'wrong types everywhere but in two fields',
      '{"name":"Анна","phone":"87051234567","email":[],"answers":7,"utm":[1],"metadata":"x","paymentMethod":{},"website":""}',
    ],
    [
      'nulls',
      '{"name":"Анна","phone":"87051234567","email":null,"answers":null,"utm":null,"metadata":null,"paymentMethod":null,"submissionId":null,"website":null}',
    ],
    [
      'fields called like methods',
      '{"name":"Анна","phone":"87051234567","toString":1,"hasOwnProperty":2,"valueOf":null,"then":{}}',
    ],
    [
      'names of subjects and wildcards',
      '{"name":"leads.created.*.>","phone":"87051234567","utm_source":"> * ."}',
    ],
    ['a byte order mark', `\uFEFF${withAnswers('1')}`],
  ])('%s', async (what, body) => {
    // A landing page of its own for each: some of these clean up to the same submission.
    const { status, body: answer } = await api.post(
      `/api/landing/proftest/${encodeURIComponent(what)}`,
      body,
    );
    expect(status).toBe(201);
    const lead = JSON.stringify(await api.lead(answer['leadId']));
    // What Postgres refuses in jsonb, and what could reach a prototype.
    expect(lead).not.toMatch(/\\u0000|\\ud[89a-f]|__proto__|"prototype"/i);
  });

  test('a line break in a name never reaches a mail header', async () => {
    const name = 'Анна\r\nBcc: everybody@mail.kz\u2028<script>\u202E';
    const { body } = await api.post('/api/landing/proftest', form('crlf', { name }));
    expect((await api.lead(body['leadId'])).name).toBe('Анна Bcc: everybody@mail.kz <script>');
  });

  test.each(['%00', '%F0%9F%98%80', '..%2F..%2Fadmin', '%3E.*', 'a'.repeat(400)])(
    'a slug of %s',
    async (slug) => {
      const { status, body } = await api.post(`/api/landing/proftest/${slug}`, form(slug));
      expect(status).toBe(201);
      expect((await api.lead(body['leadId'])).source).toMatch(
        /^proftest(_[\p{L}\p{N}_.-]{1,64})?$/u,
      );
    },
  );
});

describe('an address or method that is not there is answered in JSON', () => {
  test.each([
    ['GET', '/nothing', 404],
    ['GET', '/api/landing', 404],
    ['POST', '/api/landing/nothing', 404],
    ['GET', '/api/landing/%ZZ', 400],
    ['POST', `/api/landing/proftest/${'a'.repeat(501)}`, 414],
    ['GET', '/api/landing/submit', 405],
    ['PUT', '/api/landing/proftest', 405],
    ['DELETE', '/api/landing/proftest/x', 405],
    ['POST', '/s/abc', 405],
    ['PATCH', '/api/landing/leads/x/status', 405],
  ])('%s %s', async (method, path, status) => {
    const answer = await answerOf(fetch(api.url + path, { method }));
    expect(answer).toMatchObject({ status, body: problem() });
  });

  test('with the methods that are', async () => {
    const { headers } = await answerOf(fetch(`${api.url}/api/landing/submit`));
    expect(headers.get('allow')).toBe('POST');
  });
});

describe('what is hardly HTTP is answered and cut off', () => {
  test.each([
    ['nonsense', 'HELLO\r\n\r\n', 400],
    ['headers without end', `GET / HTTP/1.1\r\nx: ${'a'.repeat(40_000)}\r\n\r\n`, 431],
    [
      'a length that is none',
      'POST /api/landing/submit HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n',
      400,
    ],
  ])('%s', async (_what, raw, status) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.write(raw);
    await once(socket, 'close');
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual(problem());
  });
});
