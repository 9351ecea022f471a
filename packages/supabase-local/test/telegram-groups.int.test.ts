import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '@supabase/supabase-js';
import { SERVICE_KEY, startLanding } from './people.ts';
import type { TestProject } from '@leadwire/testing/database-process';

const KEY = SERVICE_KEY;
const GROUP = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0022';

let landing: TestProject;

beforeAll(async () => {
  landing = await startLanding();
}, 60_000);
afterAll(() => landing.close());

async function store(rows: object[]): Promise<void> {
  const { error } = await createClient(landing.url, KEY).rpc('leadwire_store_telegram_groups', {
    rows,
  });
  if (error) throw new Error(`${error.code}: ${error.message}`);
}

const at = (minute: number) => `2026-01-05T10:${String(minute).padStart(2, '0')}:00.000Z`;

const group = (minute: number, more: object = {}) => ({
  id: GROUP,
  bot: 'leads',
  chatId: '-1001234567890',
  formerChatIds: [],
  title: 'Отдел продаж',
  leadKinds: ['proftest'],
  state: 'active',
  stateReason: null,
  threadId: null,
  activatedAt: at(0),
  deactivatedAt: null,
  createdAt: at(0),
  changedAt: at(minute),
  ...more,
});

test('a group is written, and an older state never replaces a newer one', async () => {
  await store([group(1)]);
  await store([group(3, { state: 'paused', stateReason: 'chat_restricted', chatId: '-100777' })]);
  await store([group(2, { state: 'deactivated', stateReason: 'kicked', deactivatedAt: at(2) })]);
  const rows = await landing.sql(
    'select chat_id, title, lead_kinds, state, state_reason, deactivated_at from telegram_groups',
  );
  expect(rows).toEqual([
    {
      chat_id: -100777,
      title: 'Отдел продаж',
      lead_kinds: ['proftest'],
      state: 'paused',
      state_reason: 'chat_restricted',
      deactivated_at: null,
    },
  ]);
});

test('a row that names no chat is refused', async () => {
  await expect(store([group(1, { chatId: null })])).rejects.toThrow('row 0: chatId: is missing');
});
