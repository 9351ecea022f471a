import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { sandboxTokens } from '@leadwire/sandbox/telegram/lifecycle/settings';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { runCli } from './run-cli.ts';

let broker: TestBroker;
let bus: Bus;
let sandbox: Sandbox;
beforeAll(async () => {
  [broker, sandbox] = await Promise.all([startNats(), startSandbox()]);
  bus = await openTestBus(broker, 'test');
}, 60_000);
afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), sandbox.close()]);
});

const configured = (more: Record<string, string> = {}) => ({
  NATS_URL: broker.url,
  TELEGRAM_BASE_URL: sandbox.telegramUrl,
  TELEGRAM_LEADS_BOT_TOKEN: sandboxTokens.leads,
  TELEGRAM_ADMIN_BOT_TOKEN: sandboxTokens.admin,
  TELEGRAM_MENTOR_BOT_TOKEN: sandboxTokens.mentor,
  ...more,
});
const cli = (...args: string[]) => runCli(configured(), ...args);
const putGroup = async (more: Partial<TelegramGroup>): Promise<void> => {
  const at = new Date().toISOString();
  const group: TelegramGroup = {
    groupId: newId(),
    bot: 'leads',
    chatId: '-1001',
    formerChatIds: [],
    title: 'Курс',
    leadKinds: [],
    state: 'active',
    activatedAt: at,
    createdAt: at,
    changedAt: at,
    ...more,
  };
  const bucket = await bus.bucket('telegram_groups');
  await bucket.put(group.groupId, JSON.stringify(group));
};
const CODE = /[2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4}/;

describe('leadwire telegram', () => {
  test('makes a code for a group, and says what to do with it', async () => {
    const { code, out } = await cli('telegram', 'code');
    expect(code).toBe(0);
    expect(out).toContain('Add @LeadwireLeadsBot to the group');
    const made = CODE.exec(out)?.[0] ?? '';
    expect(out).toContain(`/activate ${made} [test|course|request|all]`);
    expect(await createTelegramCodes(bus).use(made, 'a', () => true)).toMatchObject({
      kind: 'taken',
      purpose: { kind: 'group', bot: 'leads' },
    });
  });

  test('makes one for admins, also where no bot is configured here', async () => {
    const { out } = await runCli({ NATS_URL: broker.url }, 'telegram', 'code', '--bot', 'admin');
    expect(out).toContain('Add the admin bot to the group');
    const made = CODE.exec(out)?.[0] ?? '';
    expect(await createTelegramCodes(bus).use(made, 'a', () => true)).toMatchObject({
      purpose: { kind: 'group', bot: 'admin' },
    });
    expect(JSON.parse((await cli('telegram', 'code', '--json')).out)).toMatchObject({
      code: expect.stringMatching(CODE),
      bot: 'leads',
      username: 'LeadwireLeadsBot',
    });
  });

  test('makes a link for a student, and says when nobody knows them', async () => {
    const { out } = await cli('telegram', 'student-code', 'st-1042');
    expect(out).toMatch(new RegExp(`https://t.me/LeadwireMentorBot\\?start=${CODE.source}`));
    expect(out).toContain('has not told of this student yet');
    const { code, err } = await cli('telegram', 'student-code', 'a b');
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("no student's id") });
  });

  test('lists groups; a bot that is none is refused', async () => {
    expect((await cli('telegram', 'groups')).out).toContain('There are no groups yet');
    await putGroup({ title: 'Отдел продаж', leadKinds: ['proftest'] });
    await putGroup({ chatId: '-1002', state: 'paused', stateReason: 'no_rights' });
    const { out } = await cli('telegram', 'groups');
    expect(out).toMatch(/leads +active +test +-1001 .*Отдел продаж/);
    expect(out).toMatch(/leads +paused \(no_rights\) +all +-1002/);
    expect((await cli('telegram', 'code', '--bot', 'mentor')).code).toBe(2);
  });
});

describe('leadwire doctor', () => {
  test('says of each bot that it works, and who hears of what', async () => {
    const { out } = await cli('doctor');
    expect(out).toContain('✓ Telegram bot leads: @LeadwireLeadsBot, asks for its updates');
    expect(out).toContain('✓ Telegram bot mentor: @LeadwireMentorBot');
    expect(out).toMatch(/! Telegram groups of leads: 1 active, 1 paused.* → let the bot write/);
    expect(out).toMatch(/! Telegram groups of admin: .*nobody hears of alerts → .*--bot admin/);
  });

  test('finds a revoked token, and a bot that is not configured', async () => {
    await sandbox.control.telegram.revoke('admin');
    const env = configured({ TELEGRAM_MENTOR_BOT_TOKEN: '' });
    const { code, out } = await runCli(env, 'doctor');
    expect(out).toMatch(/✗ Telegram bot admin: .*401.* → ask @BotFather/);
    expect(out).toContain('– Telegram bot mentor: not configured (TELEGRAM_MENTOR_BOT_TOKEN)');
    expect(out).not.toContain('AAadmin');
    expect(code).toBe(1);
    await sandbox.control.telegram.restore('admin');
  });

  test('finds a webhook that is not the configured one', async () => {
    const env = configured({ TELEGRAM_PUBLIC_URL: 'https://telegram.leadwire.kz' });
    const { out } = await runCli(env, 'doctor');
    expect(out).toMatch(/! Telegram bot leads: @LeadwireLeadsBot, its webhook is not set → /);
  });
});
