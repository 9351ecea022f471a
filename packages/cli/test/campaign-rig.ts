/** The command line in front of a mailer-batch with a broker, a database and the sandbox behind it; one for a test file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { app as mailerBatchApp } from '@leadwire/mailer-batch/app';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { ADMIN_TOKEN, mailerEnv, sandboxOptions } from '@leadwire/testing/settings';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import { runCli, type CliRun } from './run-cli.ts';

const VARIABLES = {
  stream: 'Как выбрать профессию',
  newDate: '2099-11-27T19:00:00+05:00',
  reason: 'Эксперт заболел.',
  steps: ['Отметьте дату.'],
  link: 'https://leadwire.kz/s/b4Tz9Rc',
};

/** Starts before the file's tests and ends after them. */
export function useCampaigns() {
  let broker: TestBroker;
  let supabase: TestLanding;
  let sandbox: Sandbox;
  let mailer: ServiceHere;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'leadwire-cli-'));
    await writeFile(path.join(folder, 'vars.json'), JSON.stringify(VARIABLES));
    [broker, supabase, sandbox] = await Promise.all([
      startNats(),
      startLanding(),
      startSandbox(sandboxOptions),
    ]);
    mailer = await startServiceHere(mailerBatchApp, {
      NATS_URL: broker.url,
      ...supabase.env,
      ...mailerEnv(sandbox.url),
    });
  }, 180_000);
  afterAll(async () => {
    await mailer?.stop();
    await Promise.all([broker?.close(), supabase?.close(), sandbox?.close()]);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const file = (name: string) => path.join(folder, name);
  /** `leadwire …` in front of this mailer-batch. */
  const leadwire = (...args: string[]): Promise<CliRun> =>
    runCli(
      { ...supabase.env, NATS_URL: broker.url, MAILER_BATCH_URL: mailer.url, ADMIN_TOKEN },
      ...args,
    );
  const campaign = (...args: string[]) => leadwire('campaign', ...args);
  return {
    mailerUrl: () => mailer.url,
    natsUrl: () => broker.url,
    sandbox: () => sandbox,
    sql: (text: string, values: unknown[] = []) => supabase.landing.sql(text, values),
    file,
    leadwire,
    campaign,
    /** A draft for these rows of a CSV. */
    draft: async (rows: readonly string[], ...flags: string[]): Promise<CliRun> => {
      await writeFile(file('list.csv'), ['Имя;E-mail;Телефон', ...rows].join('\n'));
      const texts = ['--template', 'stream-moved', '--vars', file('vars.json')];
      return campaign('create', '--name', 'Эфир', ...texts, '--csv', file('list.csv'), ...flags);
    },
  };
}

/** What `create`, `copy` and `resend` print. */
export const idIn = ({ out }: CliRun): string => /Draft ([0-9a-f-]{36})/.exec(out)?.[1] ?? '';

/** Rows of such a CSV. */
export const people = (count: number, tag: string) =>
  Array.from({ length: count }, (_, n) => `Айгерим;${tag}${n}@mail.leadwire-sample.kz;`);
