/** Every place where something of a person may be, for the length of one command. */
import type { PersonParts } from '@leadwire/operations/person/person-parts';
import type { Bus } from '@leadwire/shared/broker/bus';
import { PermanentError } from '@leadwire/shared/errors';
import { ChatError, createTelegram } from '@leadwire/shared/providers/telegram/bot-api';
import { openAccount } from '../amocrm/amocrm-access.ts';
import { actorHere } from '../actor.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';

/** @throws FailedError naming what is not given: an erasure that leaves a place out would be none. */
export async function personParts(env: CliEnv, bus: Bus): Promise<PersonParts> {
  const secret = env.CONTACT_HASH_SECRET;
  if (secret === undefined) {
    throw new FailedError('CONTACT_HASH_SECRET is needed: people are known by hashes with it.');
  }
  return {
    bus,
    actor: actorHere(),
    secret,
    databases: await databasesOf(env),
    main: await mainOf(env),
    journalDir: env.JOURNAL_DIR,
    editNotice: noticeEditor(env),
    amocrm: env.AMOCRM_BASE_URL === undefined ? undefined : openAccount(env),
  };
}

async function databasesOf(env: CliEnv): Promise<PersonParts['databases']> {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) {
    throw new FailedError('LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY are needed.');
  }
  const { createDatabase } = await import('@leadwire/shared/providers/supabase');
  const landing = createDatabase({ project: 'landing', url, serviceKey });
  const { TRIPWIRE_SUPABASE_URL: otherUrl, TRIPWIRE_SERVICE_ROLE_KEY: otherKey } = env;
  if (otherUrl === undefined || otherKey === undefined) return { landing };
  const other = { project: 'tripwire', url: otherUrl, serviceKey: otherKey };
  return { landing, tripwire: createDatabase(other) };
}

async function mainOf(env: CliEnv): Promise<PersonParts['main']> {
  const { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) return undefined;
  const { createDatabase } = await import('@leadwire/shared/providers/supabase');
  return createDatabase({ project: 'main', url, serviceKey });
}

/** False when Telegram refuses for good: the message is gone, the group, or the bot's right to it. */
function noticeEditor(env: CliEnv): PersonParts['editNotice'] {
  const token = env.TELEGRAM_LEADS_BOT_TOKEN;
  if (token === undefined) return undefined;
  const telegram = createTelegram({
    bot: 'leads',
    token,
    baseUrl: env.TELEGRAM_BASE_URL,
    track: (_action, _context, call) => call(),
  });
  return async (chatId, messageId, text) => {
    try {
      await telegram.call('editMessageText', { chat_id: chatId, message_id: messageId, text });
      return true;
    } catch (thrown) {
      // It was edited before, by a run that was interrupted.
      if (thrown instanceof PermanentError && /not modified/i.test(thrown.message)) return true;
      if (thrown instanceof PermanentError || thrown instanceof ChatError) return false;
      throw thrown;
    }
  };
}
