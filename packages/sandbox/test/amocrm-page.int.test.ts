import { expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sandboxOptionsFrom, readSandboxEnv } from '../src/env.ts';
import { startSandbox, type Sandbox } from '../src/sandbox.ts';
import { ownStages } from '../src/amocrm/store/seed.ts';
import { amo, complexLead, makeLead } from './amocrm-calls.ts';
import { openSandbox } from './sandbox-calls.ts';

const HOSTILE = `"><script>alert('1')</script>`;
const page = async (sandbox: Sandbox, path: string) =>
  (await fetch(`${sandbox.url}${path}`)).text();

test('the board shows its stages and says in words that there is no deal yet', async () => {
  const sandbox = await openSandbox();
  const markup = await page(sandbox, '/inbox/amocrm');
  for (const words of [
    'Сделок пока нет',
    'Оплата Kaspi',
    'Урок 3 пройден',
    'Успешно реализовано',
  ]) {
    expect(markup).toContain(words);
  }
});

test('a card has the contact, tags and notes, and moves with the deal', async () => {
  const sandbox = await openSandbox();
  const { id } = await makeLead(sandbox, { _embedded: { tags: [{ name: 'профтест' }] } });
  await amo(sandbox, 'POST', `/api/v4/leads/${id}/notes`, [
    { note_type: 'common', params: { text: 'Итог: дизайнер' } },
  ]);
  await sandbox.control.amocrm.moveLead(id, ownStages.halyk);
  const board = await page(sandbox, '/inbox/amocrm');
  for (const words of ['+77051234567', 'профтест', 'Примечаний: 1']) expect(board).toContain(words);
  const column = board.split('data-stage=').find((part) => part.includes(`data-deal="${id}"`));
  expect(column?.startsWith(`"${ownStages.halyk}"`)).toBe(true);
  const deal = await page(sandbox, `/inbox/amocrm/${id}`);
  expect(deal).toContain('Итог: дизайнер');
  expect(deal).toContain('Этап: Первичный контакт → Оплата Halyk');
});

test('what people typed is escaped on the board and in the deal', async () => {
  const sandbox = await openSandbox();
  const { id } = await makeLead(sandbox, {
    name: HOSTILE,
    _embedded: { tags: [{ name: HOSTILE }] },
    custom_fields_values: [{ field_code: 'UTM_SOURCE', values: [{ value: HOSTILE }] }],
  });
  await sandbox.control.amocrm.addContact({ name: HOSTILE });
  const state = encodeURIComponent(HOSTILE);
  const { clientId } = await sandbox.control.amocrm.settings();
  const paths = [
    ...['/inbox/amocrm', `/inbox/amocrm/${id}`],
    `/amocrm/oauth?client_id=${clientId}&state=${state}`,
  ];
  for (const path of paths) {
    const markup = await page(sandbox, path);
    expect(markup).not.toContain('<script>alert');
    expect(markup).toContain('&lt;script&gt;alert');
  }
});

test('a restart keeps deals, contacts, tokens, deletions and the block, and gives no id twice', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
  try {
    const first = await startSandbox({ dataDir });
    await makeLead(first);
    const { access_token: access } = await first.control.amocrm.issueTokens();
    await first.control.amocrm.deleteField('leads', 'UTM_SOURCE');
    await first.close();

    const second = await startSandbox({ dataDir });
    const { body } = await amo<{ id: number }[]>(
      second,
      'POST',
      '/api/v4/leads/complex',
      [complexLead()],
      { token: access },
    );
    expect(body[0]?.id).toBe(30_000_002);
    expect(await second.control.amocrm.leads()).toHaveLength(2);
    expect(
      JSON.stringify((await amo(second, 'GET', '/api/v4/leads/custom_fields')).body),
    ).not.toContain('"UTM_SOURCE"');
    await second.control.amocrm.block();
    await second.close();

    const third = await startSandbox({ dataDir });
    expect((await amo(third, 'GET', '/api/v4/account')).status).toBe(403);
    await third.close();
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});

test('the account has the stages and the field that the environment names', async () => {
  const env = readSandboxEnv({
    AMOCRM_STAGE_KASPI: '142',
    AMOCRM_STAGE_HALYK: '143',
    AMOCRM_STAGE_ROBOKASSA: '144',
    AMOCRM_STAGE_LESSON_1: '7001',
    AMOCRM_LEAD_ID_FIELD: '990001',
    AMOCRM_LONG_LIVED_TOKEN: 'a-token-of-mine',
  });
  const { amocrm } = sandboxOptionsFrom(env);
  const sandbox = await openSandbox({ amocrm });
  const [main] = await sandbox.control.amocrm.pipelines();
  expect(main?.statuses.map(({ id }) => id)).toEqual([83_201_001, 83_201_002, 144, 7001, 142, 143]);
  const own = await amo(sandbox, 'GET', '/api/v4/leads/custom_fields/990001', undefined, {
    token: 'a-token-of-mine',
  });
  expect(own.body).toMatchObject({ type: 'text', code: 'LEADWIRE_ID' });
});
