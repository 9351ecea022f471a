/**
 * The drill: a backup is made, the machine's volumes are lost, the backup is brought back, and everything is as it was.
 * LEADWIRE_DRILL_LEADS says with how many leads.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectSandbox } from '@leadwire/sandbox/control-client';
import { waitFor } from '@leadwire/testing/wait-for';
import { FAST, startLoad, untilSent, watchEffects, type Load } from './load.ts';
import { describeWithCompose, startStack, type ComposeStack } from './stack.ts';
import { countMessages, placesWith, readLeadRows } from './stored-leads.ts';

const root = path.resolve(import.meta.dirname, '../..');
const LEADS = Number(process.env['LEADWIRE_DRILL_LEADS'] ?? 200);
/** Whose messages are planned, and not sent, when the backup is made. */
const WAITING = 12;
/** Two cores carry a few leads a second through everything; 200 of them take a fraction of the half hour. */
const LONG = 30 * 60_000 + LEADS * 400;
const STREAMS = ['LEADS', 'DELIVERIES', 'KV_deliveries', 'KV_crm_map'];
/** What providers allow here, so that thousands of leads are through in minutes. */
const QUICK = {
  ...FAST,
  MOBIZON_RATE_PER_SECOND: '50',
  AMOCRM_RATE_PER_SECOND: '40',
  SANDBOX_AMOCRM_RATE_PER_SECOND: '50',
};
/** The world remembers each mail, in memory: 40 kB of text, and as much for the call that brought it. */
const ROOMY = {
  sandbox: {
    environment: {
      NODE_OPTIONS: '--disable-warning=ExperimentalWarning --max-old-space-size=4096',
    },
    deploy: { resources: { limits: { memory: '5G' } } },
  },
};
/** What the machine loses. The sandbox is the world: it remembers what it was sent. */
const VOLUMES = ['settings', 'nats', 'journal', 'supabase-local'];

describeWithCompose('a backup', () => {
  let folder: string;
  let key: string;
  let stack: ComposeStack;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'leadwire-drill-'));
    key = path.join(folder, 'key.txt');
    const made = await promisify(execFile)(
      process.execPath,
      ['packages/cli/src/main.ts', 'backup', 'key'],
      { cwd: root },
    );
    await writeFile(key, made.stdout, { mode: 0o600 });
    const [, BACKUP_RECIPIENT = ''] = /BACKUP_RECIPIENT=(age1\w+)/.exec(made.stdout) ?? [];
    stack = await startStack({ settings: { ...QUICK, BACKUP_RECIPIENT }, services: ROOMY });
  }, LONG);
  afterAll(async () => {
    await stack?.remove();
    await rm(folder, { recursive: true, force: true });
  }, 120_000);

  /** A program of deploy/backup, with its backups in a folder of this test; what it says. */
  const script = async (name: string, ...args: string[]): Promise<string> => {
    const env = { ...stack.env, BACKUP_DIR: folder };
    const done = await promisify(execFile)(`deploy/backup/${name}.sh`, args, { cwd: root, env });
    process.stdout.write(`${name}: ${done.stdout.trim().split('\n').at(-1)}\n`);
    return done.stdout;
  };
  const send = async (most: number, from: number): Promise<Load['accepted']> => {
    const load = startLoad(stack.apiUrl, { everyMs: 10, most, from });
    await waitFor(() => load.accepted.length + load.refused.length === most, {
      timeoutMs: LONG,
      what: 'all forms to be answered',
    });
    expect(load.refused).toEqual([]);
    return load.accepted;
  };
  /** The rows, once they are as wanted. */
  const rowsWhen = async (isDone: (rows: Awaited<ReturnType<typeof readLeadRows>>) => boolean) => {
    let rows = await readLeadRows(stack);
    await waitFor(async () => isDone((rows = await readLeadRows(stack))), {
      timeoutMs: LONG,
      // A look brings every row.
      pollMs: 2_000 + LEADS,
      what: 'the rows to know all of it',
    });
    return rows;
  };

  test(
    'brings every lead and delivery back to an empty machine; nobody is written to twice, and who was erased is gone',
    async () => {
      const sandbox = connectSandbox(stack.sandboxUrl);
      const sent = await send(LEADS, 0);
      await untilSent(sandbox, sent, LONG);
      // Delivered, too: what providers tell would go on to be stored while it is counted. And before they are down, because
      // Mobizon is asked what became of an SMS.
      await rowsWhen((rows) =>
        sent.every(({ leadId }) => {
          const row = rows.get(leadId);
          return row?.email_delivered_at && row.sms_delivered_at && row.amocrm_synced;
        }),
      );
      for (const provider of ['resend', 'mailgun', 'mobizon'] as const) {
        await sandbox.addFault({ provider, action: { do: 'fixed', status: 503, body: 'down' } });
      }
      const waiting = await send(WAITING, 1_000_000);
      const [gone, ...others] = waiting;
      const before = await rowsWhen((rows) =>
        waiting.every(({ leadId }) => rows.get(leadId)?.amocrm_synced),
      );
      const counts = await countMessages(stack, STREAMS);

      await script('backup');
      const [sealed = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tar.age'));
      const file = path.join(folder, sealed);
      expect([(await stat(file)).mode & 0o777, (await stat(folder)).mode & 0o777]).toEqual([
        0o600, 0o700,
      ]);
      expect((await readFile(file)).includes(gone!.email)).toBe(false);
      // Nothing in the clear is left beside it.
      expect((await readdir(folder)).sort()).toEqual([sealed, 'erasures.json', 'key.txt'].sort());

      await stack.compose('run', '--rm', '-T', 'leadwire', 'person', 'erase', gone!.email, '--yes');
      expect(await placesWith(stack, [gone!.email, gone!.phone.slice(1)])).toEqual([]);
      await script('backup', '--erasures');
      expect((await readFile(path.join(folder, 'erasures.json'), 'utf8')).includes('done')).toBe(
        true,
      );

      const startedAt = Date.now();
      await stack.compose('down');
      const { COMPOSE_PROJECT_NAME: project = '' } = stack.env;
      await stack.docker('volume', 'rm', ...VOLUMES.map((name) => `${project}_${name}`));
      await script('restore', file, key);
      const back = await countMessages(stack, STREAMS);
      expect(back).toMatchObject({
        LEADS: counts['LEADS']! - 1,
        // That the mail and the SMS to whom was erased were taken back, is told.
        DELIVERIES: counts['DELIVERIES']! + 2,
      });
      expect(back['KV_deliveries']).toBeGreaterThanOrEqual(counts['KV_deliveries']!);
      await stack.compose('up', '--detach', '--wait');
      await sandbox.clearFaults();
      process.stdout.write(
        `lost and running again with ${before.size} leads in ${Date.now() - startedAt} ms\n`,
      );

      const end = await untilSent(sandbox, [...sent, ...others], LONG);
      expect(end.doubled).toEqual([]);
      const ids = [...sent, ...others].map(({ leadId }) => leadId);
      const after = await rowsWhen((rows) =>
        ids.every(
          (id) => rows.get(id)?.email_status === 'sent' && rows.get(id)?.sms_status === 'sent',
        ),
      );
      expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
      expect(ids.filter((id) => after.get(id)?.email !== before.get(id)?.email)).toEqual([]);

      // The list of erasures is younger than the backup.
      expect(after.get(gone!.leadId)).toMatchObject({ name: null, email: null });
      const { missed } = await watchEffects(sandbox)([gone!]);
      expect(missed).toEqual([gone!.email, gone!.phone.slice(1)]);
      expect(await placesWith(stack, [gone!.email, gone!.phone.slice(1)])).toEqual([]);
      expect(await placesWith(stack, [others[0]!.email])).not.toEqual([]);
    },
    LONG,
  );

  test(
    'does not go into a stack that has one, nor is it opened by another key',
    async () => {
      const [sealed = ''] = (await readdir(folder)).filter((name) => name.endsWith('.tar.age'));
      const file = path.join(folder, sealed);
      await expect(script('restore', file, key)).rejects.toThrow('Services are running');
      const other = path.join(folder, 'other.txt');
      const made = await promisify(execFile)(
        process.execPath,
        ['packages/cli/src/main.ts', 'backup', 'key'],
        { cwd: root },
      );
      await writeFile(other, made.stdout);
      await expect(script('restore', file, other)).rejects.toThrow('cannot be read');
      expect((await readdir(folder)).filter((name) => name.startsWith('.unfinished'))).toEqual([]);
    },
    LONG,
  );
});
