/** `leadwire amocrm connect`: the first authorisation, and the next one when a grant was lost. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { requestTokens } from '@leadwire/shared/providers/amocrm/oauth';
import { toError } from '@leadwire/shared/errors';
import { clientOf, openTransport, tokenStoreOf } from './amocrm-access.ts';
import { answer, words } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { almatyClock, paint, say } from '../terminal.ts';
import { ownCommand } from '@leadwire/shared/runtime/own-command';

export function addAmocrmCommands(program: Command, readEnv: () => CliEnv): void {
  program
    .command('amocrm')
    .description('the connection with AmoCRM')
    .command('connect')
    .description('get tokens for the integration and keep them in the database')
    .option('--code <code>', 'the code, or the whole address that the browser came back to')
    .action((flags: { code?: string }) => connect(readEnv(), flags.code));
}

async function connect(env: CliEnv, given: string | undefined): Promise<void> {
  const client = clientOf(env);
  const store = tokenStoreOf(env);
  const transport = openTransport(env);
  const code = readCode(given ?? (await ask(client.clientId)));
  const before = await store.load();
  const pair = await requestTokens(
    transport,
    client,
    { grant_type: 'authorization_code', code },
    { version: (before?.version ?? 0) + 1 },
  ).catch((thrown: unknown) => {
    throw new FailedError(
      `${toError(thrown).message}\nA code works once, for 20 minutes, with the redirect address exactly as the integration has it.`,
    );
  });
  await store.save(pair);
  answer(
    { connected: true, expiresAt: pair.expiresAt },
    paint('green', 'Connected.'),
    `The access token is good until ${almatyClock(pair.expiresAt)}; crm-sync renews it by itself.`,
    `What waited goes on within a minute. "${ownCommand('doctor')}" checks pipeline and stages.`,
  );
}

async function ask(clientId: string): Promise<string> {
  const state = Math.random().toString(36).slice(2);
  say(
    '1. Open this address, logged in as an administrator of the account:',
    '',
    `   https://www.amocrm.ru/oauth?client_id=${encodeURIComponent(clientId)}&state=${state}`,
    '   (for a Kommo account: www.kommo.com instead)',
    '',
    '2. Choose the account and allow. The browser goes to the redirect address, with ?code=… in it;',
    '   that the page shows nothing does not matter.',
    '3. Paste that address, or the code alone. It works for 20 minutes.',
    '',
  );
  if (!process.stdin.isTTY) {
    throw new UsageError('There is no terminal to ask at. Give --code with what came back.');
  }
  const prompt = createInterface({ input: process.stdin, output: words() });
  try {
    return await prompt.question('Address or code: ');
  } finally {
    prompt.close();
  }
}

/** The code itself, out of whatever was pasted. @throws UsageError when there is none. */
export function readCode(text: string): string {
  const pasted = text.trim();
  const code = URL.canParse(pasted) ? new URL(pasted).searchParams.get('code') : pasted;
  if (!code || /\s/.test(code)) throw new UsageError('There is no code in what was given.');
  return code;
}
