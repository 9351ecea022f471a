import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCountingProvider, type CountingProvider } from '../../bench/counting-provider.ts';

let provider: CountingProvider;
beforeAll(async () => {
  provider = await startCountingProvider();
});
afterAll(() => provider.close());

async function post(path: string, key: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': key };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const answer: unknown = await (await fetch(provider.url + path, init)).json();
  return answer;
}

const mailTo = (name: string) => ({ to: `${name}@mail.leadwire-sample.kz`, subject: 'Результат' });

test('one mail and a batch are counted by address, and a repeat under its key sends nothing', async () => {
  provider.restart(1_000);
  const before = Date.now();
  const first = await post('/emails', 'a', mailTo('aigerim'));
  expect(first).toEqual({ id: expect.any(String) });
  expect(await post('/emails', 'a', mailTo('aigerim'))).toEqual(first);
  expect(await post('/emails/batch', 'b', [mailTo('dana'), mailTo('aigerim')])).toEqual({
    data: [{ id: expect.any(String) }, { id: expect.any(String) }],
  });
  expect(await provider.seen()).toMatchObject({ calls: 3, addresses: 2, doubled: 1, refused: 0 });
  const at = (await provider.arrivals()).get('aigerim@mail.leadwire-sample.kz') ?? 0;
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(Date.now());
});

async function mobizon(
  method: string,
  form: Record<string, string>,
  module = 'campaign',
): Promise<unknown> {
  const init = { method: 'POST', body: new URLSearchParams(form) };
  const response = await fetch(`${provider.url}/service/${module}/${method}`, init);
  const answer: unknown = await response.json();
  return answer;
}

test('an SMS campaign is counted by number once it is sent, and a repeat sends nothing', async () => {
  provider.restart(1_000);
  const numbers = { 'recipients[0]': '77000000001', 'recipients[1][recipient]': '77000000002' };
  const sendDraft = async () => {
    const { data: id } = (await mobizon('create', { 'data[text]': 'Эфир' })) as { data: string };
    expect(await mobizon('addRecipients', { id, ...numbers })).toMatchObject({ code: 0 });
    expect(await mobizon('addRecipients', { id, ...numbers })).toMatchObject({
      data: [{ code: 4 }, { code: 4 }],
    });
    expect(await mobizon('getInfo', { id })).toMatchObject({ data: { commonStatus: 'NEW' } });
    return { id, answer: await mobizon('send', { id }) };
  };
  const { id, answer } = await sendDraft();
  expect(answer).toEqual({ code: 0, data: 2 });
  expect(await mobizon('send', { id })).toMatchObject({ code: 10 });
  expect(await mobizon('getInfo', { id })).toMatchObject({ data: { commonStatus: 'DONE' } });
  const page = { 'pagination[pageSize]': '1', 'pagination[currentPage]': '1' };
  expect(await mobizon('list', { 'criteria[campaignIds][0]': id, ...page }, 'message')).toEqual({
    code: 0,
    data: { items: [{ to: '77000000002', id: expect.any(String) }] },
  });
  expect(await provider.seen()).toMatchObject({ calls: 8, addresses: 2, doubled: 0, refused: 0 });
  await sendDraft();
  expect(await provider.seen()).toMatchObject({ addresses: 2, doubled: 2 });
});

test('a call to Mobizon over the limit is refused in its own words', async () => {
  provider.restart(1);
  await mobizon('create', {});
  expect(await mobizon('create', {})).toMatchObject({ code: 30 });
  expect(await provider.seen()).toMatchObject({ calls: 2, refused: 1 });
});
