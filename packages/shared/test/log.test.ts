import { describe, expect, test } from 'vitest';
import { AxiosError, AxiosHeaders } from 'axios';
import { createLog } from '@leadwire/shared/runtime/log';

const SECRETS = ['aigerim@mail.example-lead.kz', '+77051234567', 'Айгерим', 're_sandbox_key'];

/** What the log writes, as one text and as objects. */
function capture() {
  const lines: string[] = [];
  const log = createLog('notifier', 'trace', { write: (line) => void lines.push(line) });
  return {
    log,
    text: () => lines.join(''),
    last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown>,
  };
}

function expectNoSecrets(text: string): void {
  for (const secret of SECRETS) expect(text).not.toContain(secret);
}

const person = {
  email: SECRETS[0],
  phone: SECRETS[1],
  name: SECRETS[2],
  emailSuggestion: SECRETS[0],
  answers: { why: SECRETS[2] },
  metadata: { from: SECRETS[0] },
  leadId: 'kept',
};

describe('contact data and secrets', () => {
  test.each([
    ['at the top', person],
    ['one deep', { event: person }],
    ['two deep', { event: { data: person } }],
    ['in a list', { leads: [person] }],
    ['five deep', { a: { b: { c: { d: person } } } }],
    ['deeper than anything', { a: { b: { c: { d: { e: { f: { g: { h: { i: person } } } } } } } } }],
    ['as a whole lead', { lead: person }],
    ['as a message', { to: SECRETS[0], text: SECRETS[2], html: SECRETS[2], recipient: SECRETS[1] }],
    ['as a request', { headers: { authorization: SECRETS[3], Authorization: SECRETS[3] } }],
    ['as settings', { env: { apiKey: SECRETS[3], token: SECRETS[3], password: SECRETS[3] } }],
  ])('are cut out %s', (_, fields) => {
    const { log, text } = capture();
    log.info(fields, 'a message');
    expectNoSecrets(text());
    expect(text()).toContain('[private]');
  });

  test('ids stay', () => {
    const { log, last } = capture();
    log.info({ data: person }, 'x');
    expect(last()).toMatchObject({ data: { leadId: 'kept', email: '[private]' } });
  });

  test('stay out of child logs', () => {
    const { log, text } = capture();
    log.child({ email: SECRETS[0] }).info({ phone: SECRETS[1] }, 'x');
    log.child({ a: 1 }, {}).child({ about: person }).info({ phone: SECRETS[1] }, 'x');
    expectNoSecrets(text());
    expect(text().match(/"about":{[^}]*\[private\]/g)).toHaveLength(1);
  });

  test('stay out of what fills a placeholder', () => {
    const { log, text } = capture();
    log.info('told %o and %j', person, { data: person });
    log.info({ leadId: 'kept' }, 'told %o', person);
    expectNoSecrets(text());
  });

  test('are cut out of a copy: what was told stays as it is', () => {
    const { log } = capture();
    const told = { data: { ...person }, list: [{ phone: SECRETS[1] }] };
    log.info(told, 'x');
    expect(told).toEqual({ data: person, list: [{ phone: SECRETS[1] }] });
  });

  test('lists stay lists, and what contains itself can be logged', () => {
    const { log, last } = capture();
    const self: Record<string, unknown> = { ids: [1, 2], people: [person] };
    self['self'] = self;
    log.info(self, 'x');
    expect(last()).toMatchObject({ ids: [1, 2], people: [{ leadId: 'kept', phone: '[private]' }] });
  });
});

describe('errors', () => {
  const headers = new AxiosHeaders({ Authorization: `Bearer ${SECRETS[3]}` });
  const config = {
    url: '/send',
    headers,
    data: JSON.stringify(person),
    params: { apiKey: SECRETS[3] },
  };
  const response = { status: 401, statusText: '', headers: {}, config, data: person };
  const axiosError = new AxiosError(
    'Request failed with status code 401',
    'ERR_BAD_REQUEST',
    config,
    {},
    response,
  );

  test.each([
    ['err', { err: axiosError }],
    ['error', { error: axiosError }],
    ['a cause', { err: new Error('sending failed', { cause: axiosError }) }],
    ['the only argument', axiosError],
    ['any other field', { thrown: axiosError }],
    ['one of several', { all: [{ why: axiosError }] }],
  ])('of an HTTP client carry neither the request nor the answer, as %s', (_, fields) => {
    const { log, text } = capture();
    log.error(fields);
    expectNoSecrets(text());
    expect(text()).toContain('status code 401');
  });

  test('keep what explains them', () => {
    const { log, last } = capture();
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    log.error(
      { err: Object.assign(new TypeError('fetch failed', { cause }), { code: 'X' }) },
      'no',
    );
    expect(last()).toMatchObject({
      level: 'error',
      service: 'notifier',
      msg: 'no',
      err: { type: 'TypeError', code: 'X', cause: 'connect ECONNREFUSED' },
    });
    expect((last()['err'] as { stack: string }).stack).toContain('log.test');
    expect(Date.parse(String(last()['time']))).toBeGreaterThan(0);
  });

  test.each([['a string'], [undefined], [null], [{ code: 5 }], [42]])(
    'that are none (%p) can be logged too',
    (err) => {
      const { log, last } = capture();
      log.error({ err }, 'still written');
      expect(last()['msg']).toBe('still written');
    },
  );
});
