import { describe, expect, test } from 'vitest';
import { mail, openSandbox, resend, type ResendErrorBody } from './sandbox-calls.ts';

describe('a mail that Resend takes', () => {
  test('is answered with its id and becomes one effect', async () => {
    const sandbox = await openSandbox();
    const { status, body } = await resend(sandbox, 'POST', '/emails', mail());
    expect(status).toBe(200);
    expect(await sandbox.control.mails('aigerim@pochta-almaty.kz')).toEqual([
      expect.objectContaining({ id: body.id, subject: 'Ваш результат', sequence: 1 }),
    ]);
  });

  test('reads back with a derived text part and the time in the wire form', async () => {
    const sandbox = await openSandbox();
    const { body } = await resend(
      sandbox,
      'POST',
      '/emails',
      mail({ tags: [{ name: 'a', value: 'b' }] }),
    );
    const read = await resend<Record<string, unknown>>(sandbox, 'GET', `/emails/${body.id}`);
    expect(read.body).toMatchObject({
      object: 'email',
      to: ['aigerim@pochta-almaty.kz'],
      text: 'Готов',
      last_event: 'queued',
      reply_to: null,
      tags: [{ name: 'a', value: 'b' }],
    });
    expect(read.body['created_at']).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00$/);
  });

  test('goes from queued over sent to delivered as the clock runs', async () => {
    const sandbox = await openSandbox();
    const { body } = await resend(sandbox, 'POST', '/emails', mail());
    const lastEvent = async () =>
      (await resend<{ last_event: string }>(sandbox, 'GET', `/emails/${body.id}`)).body.last_event;
    await sandbox.control.advance(200);
    expect(await lastEvent()).toBe('sent');
    await sandbox.control.advance(600);
    expect(await lastEvent()).toBe('delivered');
  });

  test('bounces for the test address, which is then suppressed: 200, but no effect', async () => {
    const sandbox = await openSandbox();
    const to = 'bounced+lead1@resend.dev';
    await resend(sandbox, 'POST', '/emails', mail({ to }));
    await sandbox.control.advance(1000);
    const again = await resend(sandbox, 'POST', '/emails', mail({ to }));
    await sandbox.control.advance(1000);
    const read = await resend<{ last_event: string }>(sandbox, 'GET', `/emails/${again.body.id}`);
    expect(read.body.last_event).toBe('suppressed');
    expect(await sandbox.control.mails()).toHaveLength(1);
  });

  test('waits when scheduled, and is never sent when canceled', async () => {
    const sandbox = await openSandbox();
    const { now } = await sandbox.control.clock();
    const scheduled_at = new Date(now + 3_600_000).toISOString();
    const kept = await resend(sandbox, 'POST', '/emails', mail({ scheduled_at }));
    const dropped = await resend(sandbox, 'POST', '/emails', mail({ scheduled_at }));
    expect((await resend(sandbox, 'POST', `/emails/${dropped.body.id}/cancel`)).status).toBe(200);
    expect(await sandbox.control.mails()).toHaveLength(0);
    await sandbox.control.advance(3_600_000);
    expect((await sandbox.control.mails()).map(({ id }) => id)).toEqual([kept.body.id]);
  });

  test('a rescheduled mail goes out at its new time only', async () => {
    const sandbox = await openSandbox();
    const { now } = await sandbox.control.clock();
    const at = (hours: number) => new Date(now + hours * 3_600_000).toISOString();
    const { body } = await resend(sandbox, 'POST', '/emails', mail({ scheduled_at: at(1) }));
    await resend(sandbox, 'PATCH', `/emails/${body.id}`, { scheduled_at: at(3) });
    await sandbox.control.advance(2 * 3_600_000);
    expect(await sandbox.control.mails()).toHaveLength(0);
    await sandbox.control.advance(2 * 3_600_000);
    expect(await sandbox.control.mails()).toHaveLength(1);
  });
});

describe('what Resend refuses', () => {
  const refusals: [what: string, body: unknown, status: number, name: string][] = [
    ['no from', mail({ from: undefined }), 422, 'missing_required_field'],
    ['no to', mail({ to: undefined }), 422, 'missing_required_field'],
    ['no subject', mail({ subject: undefined }), 422, 'missing_required_field'],
    ['no content', mail({ html: undefined }), 422, 'missing_required_field'],
    ['a bad address', mail({ to: 'not an address' }), 422, 'validation_error'],
    [
      'a line break in from',
      mail({ from: 'A\r\nBcc: x@y.kz <hello@leadwire.kz>' }),
      422,
      'validation_error',
    ],
    ['example.com', mail({ to: 'a@example.com' }), 422, 'validation_error'],
    ['test.com', mail({ to: 'a@test.com' }), 422, 'validation_error'],
    [
      '51 recipients',
      mail({ to: Array.from({ length: 51 }, (_, n) => `a${n}@pochta.kz`) }),
      422,
      'validation_error',
    ],
    ['a tag with a space', mail({ tags: [{ name: 'a b', value: 'c' }] }), 422, 'validation_error'],
    ['a tag of Cyrillic', mail({ tags: [{ name: 'a', value: 'да' }] }), 422, 'validation_error'],
    ['an empty attachment', mail({ attachments: [{ filename: 'a' }] }), 422, 'invalid_attachment'],
    ['template and html', mail({ template: { id: 't' } }), 422, 'validation_error'],
    ['a foreign domain', mail({ from: 'x@other.kz' }), 403, 'validation_error'],
    ['an array instead of a mail', [mail()], 422, 'validation_error'],
    ['headers that are numbers', mail({ headers: { a: 1 } }), 422, 'validation_error'],
    ['broken JSON', '{"from":', 400, 'validation_error'],
  ];
  test.each(refusals)('%s', async (_what, body, status, name) => {
    const sandbox = await openSandbox();
    const answer = await resend<ResendErrorBody>(sandbox, 'POST', '/emails', body);
    expect([answer.status, answer.body.statusCode, answer.body.name]).toEqual([
      status,
      status,
      name,
    ]);
    expect(Object.keys(answer.body)).toEqual(['statusCode', 'message', 'name']);
    expect(await sandbox.control.effects()).toEqual([]);
  });

  test('a body that is not called JSON', async () => {
    const sandbox = await openSandbox();
    const answer = await resend(sandbox, 'POST', '/emails', JSON.stringify(mail()), {
      'content-type': 'text/plain',
    });
    expect(answer.status).toBe(422);
  });

  const keys: [what: string, authorization: string, path: string, status: number, name: string][] =
    [
      ['no key', '', '/emails', 401, 'missing_api_key'],
      ['an unknown key', 'Bearer re_other', '/emails', 403, 'invalid_api_key'],
      ['a stopped account', 'Bearer re_stopped', '/emails', 403, 'suspended_api_key'],
      ['a sending key that reads', 'Bearer re_sender', '/emails', 401, 'restricted_api_key'],
      ['an unknown path', 'Bearer re_sandbox_key', '/mails', 404, 'not_found'],
      ['a doubled slash', 'Bearer re_sandbox_key', '//emails', 404, 'not_found'],
      [
        'an unknown mail',
        'Bearer re_sandbox_key',
        '/emails/4ef9a417-02e9-4d39-ad75-9611e0fcc33c',
        404,
        'not_found',
      ],
      ['an id that is none', 'Bearer re_sandbox_key', '/emails/17', 422, 'invalid_parameter'],
    ];
  test.each(keys)('%s', async (_what, authorization, path, status, name) => {
    const sandbox = await openSandbox({
      resend: { sendingOnlyKeys: ['re_sender'], suspendedKeys: ['re_stopped'] },
    });
    const answer = await resend<ResendErrorBody>(sandbox, 'GET', path, undefined, {
      authorization,
    });
    expect([answer.status, answer.body.name]).toEqual([status, name]);
  });

  test('a method that the path does not have', async () => {
    const sandbox = await openSandbox();
    const answer = await resend<ResendErrorBody>(sandbox, 'DELETE', '/emails');
    expect([answer.status, answer.body.name]).toEqual([405, 'method_not_allowed']);
  });
});

describe('a batch', () => {
  const good = mail();
  const bad = mail({ to: 'nobody' });

  test('is answered with ids in the order of the request, and is one request', async () => {
    const sandbox = await openSandbox();
    const to = ['a@pochta.kz', 'b@pochta.kz', 'c@pochta.kz'];
    const answer = await resend<{ data: { id: string }[] }>(
      sandbox,
      'POST',
      '/emails/batch',
      to.map((each) => mail({ to: each })),
    );
    const effects = await sandbox.control.mails();
    expect(answer.body.data.map(({ id }) => id)).toEqual(effects.map(({ id }) => id));
    expect(effects.flatMap((effect) => effect.to)).toEqual(to);
    expect(answer.headers.get('ratelimit-remaining')).toBe('4');
  });

  test('strict: one bad mail and nothing is queued', async () => {
    const sandbox = await openSandbox();
    expect((await resend(sandbox, 'POST', '/emails/batch', [good, bad])).status).toBe(422);
    expect(await sandbox.control.effects()).toEqual([]);
  });

  test('permissive: the good ones go out, the bad ones are named by index', async () => {
    const sandbox = await openSandbox();
    const answer = await resend<{ data: unknown[]; errors: { index: number }[] }>(
      sandbox,
      'POST',
      '/emails/batch',
      [good, bad, good],
      { 'x-batch-validation': 'permissive' },
    );
    expect(answer.status).toBe(200);
    expect(answer.body.data).toHaveLength(2);
    expect(answer.body.errors).toEqual([{ index: 1, message: expect.any(String) }]);
  });

  const refused: [what: string, body: unknown][] = [
    ['an empty array', []],
    ['101 mails', Array.from({ length: 101 }, () => mail())],
    ['attachments', [mail({ attachments: [{ filename: 'a', content: 'YQ==' }] })]],
    ['no array', mail()],
  ];
  test.each(refused)('%s is refused', async (_what, body) => {
    const sandbox = await openSandbox();
    expect((await resend(sandbox, 'POST', '/emails/batch', body)).status).toBe(422);
  });
});

test('the list of mails is paged from the newest with after and before', async () => {
  const sandbox = await openSandbox({ resend: { ratePerSecond: 100 } });
  const ids: string[] = [];
  for (let n = 0; n < 5; n++)
    ids.unshift((await resend(sandbox, 'POST', '/emails', mail())).body.id);
  type List = { object: string; has_more: boolean; data: { id: string; html?: string }[] };
  const list = async (query: string) =>
    (await resend<List>(sandbox, 'GET', `/emails?${query}`)).body;
  const first = await list('limit=2');
  expect(first).toMatchObject({ object: 'list', has_more: true });
  expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  expect(first.data[0]).not.toHaveProperty('html');
  const after = await list(`limit=3&after=${ids[1]}`);
  expect([after.has_more, after.data.map(({ id }) => id)]).toEqual([false, ids.slice(2)]);
  const before = await list(`limit=2&before=${ids[3]}`);
  expect([before.has_more, before.data.map(({ id }) => id)]).toEqual([true, ids.slice(1, 3)]);
});
