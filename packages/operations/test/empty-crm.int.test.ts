/** A person's cards in AmoCRM, emptied over its own API as the sandbox plays it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import {
  createAmoHttp,
  createAmoTransport,
  type AmoHttp,
} from '@leadwire/shared/providers/amocrm/http';
import { startSandboxThread, type SandboxThread } from '@leadwire/testing/sandbox-thread';
import { emptyCrm } from '../src/person/empty-crm.ts';

const TOKEN = 'amocrm-sandbox-long-lived-token';
const WORDS = ['Жаннаттест', '7000007731', 'zhannat@', 'любит рисовать'];
const NOBODY = { contactIds: [], dealIds: [] };

let sandbox: SandboxThread;
let amocrm: AmoHttp;

beforeAll(async () => {
  sandbox = await startSandboxThread();
  // Nobody paces here, and limits are no matter of this test.
  await sandbox.control.amocrm.set({ ratePerSecond: 500, accountRatePerSecond: 500 });
  const transport = createAmoTransport({
    baseUrl: `${sandbox.url}/amocrm`,
    limiter: { acquire: () => Promise.resolve(), pauseFor: () => Promise.resolve() },
    track: (_action, _context, call) => call(),
    blockade: {
      check: () => Promise.resolve(false),
      raise: () => Promise.reject(new Error('blocked')),
      clear: () => Promise.resolve(),
    },
  });
  const tokens = { current: () => Promise.resolve(TOKEN), renew: () => Promise.resolve(TOKEN) };
  amocrm = createAmoHttp(transport, tokens);
});
afterAll(() => sandbox.stop());

const ask = (method: 'GET' | 'POST', path: string, body?: unknown) =>
  amocrm.request({
    action: 'test',
    method,
    path: `/api/v4${path}`,
    ...(body !== undefined && { body }),
  });

interface Made {
  id: number;
  contact_id: number;
}

/** A deal with its contact and notes, as crm-sync and a manager leave them. */
async function makeDeal(name: string): Promise<Made> {
  const contact = {
    name,
    custom_fields_values: [
      { field_code: 'PHONE', values: [{ value: '+77000007731', enum_code: 'MOB' }] },
      { field_code: 'EMAIL', values: [{ value: 'zhannat@leadwire-sample.kz', enum_code: 'PRIV' }] },
    ],
  };
  const deal = {
    name: `Профтест: ${name}`,
    custom_fields_values: [{ field_code: 'UTM_SOURCE', values: [{ value: 'instagram' }] }],
    _embedded: { contacts: [contact] },
  };
  const [made] = (await ask('POST', '/leads/complex', [deal])) as [Made];
  const note = (text: string) => ({ note_type: 'common', params: { text } });
  await ask('POST', `/leads/${made.id}/notes`, [note(`Имя: ${name}`), note('любит рисовать')]);
  await ask('POST', `/contacts/${made.contact_id}/notes`, [
    note('любит рисовать'),
    { note_type: 'call_in', params: { phone: '+77000007731' } },
  ]);
  return made;
}

async function textOf({ id, contact_id }: Made): Promise<string> {
  const paths = [`/leads/${id}`, `/leads/${id}/notes`, `/contacts/${contact_id}`];
  return JSON.stringify(await Promise.all(paths.map((path) => ask('GET', path))));
}

test('nothing of the person is left in their contact, deal and notes, however often; the click stays', async () => {
  const made = await makeDeal('Жаннаттест');
  const other = await makeDeal('Соседка');
  const crm = { contactIds: [made.contact_id], dealIds: [made.id], shared: NOBODY };
  for (let run = 1; run <= 2; run += 1) {
    const { emptied, left, isDone } = await emptyCrm(amocrm, crm, new Set());
    expect({ emptied, isDone, left }).toMatchObject({ emptied: 2, isDone: true });
    expect(left.join('\n')).toContain(
      `контакт ${made.contact_id}: удалите звонки, письма и вложения (1)`,
    );
    expect(left.join('\n')).toContain('история изменений');
    expect(left.join('\n')).not.toContain('не все поля');
  }
  const text = await textOf(made);
  expect(WORDS.filter((word) => text.includes(word))).toEqual([]);
  expect(text).toContain('instagram');
  expect(text).toContain('Данные удалены');
  expect(await textOf(other)).toContain('Соседка');
});

test('a card of two people stays, one that is gone is no trouble, and an AmoCRM that is away is told', async () => {
  const made = await makeDeal('Жаннаттест');
  const shared = { contactIds: [made.contact_id], dealIds: [] };
  const crm = { contactIds: [made.contact_id], dealIds: [999_999_999], shared };
  const { left, ...counted } = await emptyCrm(amocrm, crm, new Set([newId()]));
  expect(counted).toEqual({ emptied: 1, isDone: true });
  expect(left).toEqual([expect.stringContaining('общая карточка')]);
  expect(await textOf(made)).toContain('Жаннаттест');

  const away = { request: () => Promise.reject(new Error('HTTP 502')) };
  const alone = { contactIds: [made.contact_id], dealIds: [], shared: NOBODY };
  for (const none of [away, undefined]) {
    const told = await emptyCrm(none, alone, new Set());
    expect(told).toMatchObject({ emptied: 0, isDone: false });
    expect(told.left).toEqual([expect.stringContaining(`контакт ${made.contact_id}`)]);
  }
});
