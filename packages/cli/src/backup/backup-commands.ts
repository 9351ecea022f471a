/** `backup …`: what deploy/backup does with a backup's bytes; works without a broker, a database and settings. */
import { readFile } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { toError } from '@leadwire/shared/errors';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { say } from '../terminal.ts';
import { endedBackups } from './ended-backups.ts';

export function addBackupCommands(program: Command, readEnv: () => CliEnv): void {
  const backup = program.command('backup').description('the bytes of backups: sealed and opened');
  backup
    .command('key')
    .description('make a pair: BACKUP_RECIPIENT for .env, and the key that opens backups')
    .action(async () => {
      const { generateIdentity, identityToRecipient } = await import('age-encryption');
      const identity = await generateIdentity();
      say(`# BACKUP_RECIPIENT=${await identityToRecipient(identity)}`);
      say('# Keep this key away from the machine; without it no backup can be read.', identity);
    });

  backup
    .command('seal')
    .description('standard input to standard output, encrypted (age) for BACKUP_RECIPIENT')
    .option('--to <recipient>', 'for somebody else: age1…')
    .action(async ({ to = readEnv().BACKUP_RECIPIENT }: { to?: string }) => {
      if (to === undefined) {
        throw new UsageError('BACKUP_RECIPIENT is not given. "leadwire backup key" makes one.');
      }
      const { Encrypter } = await import('age-encryption');
      const encrypter = new Encrypter();
      inWords(() => encrypter.addRecipient(to));
      await pipe((input) => encrypter.encrypt(input));
    });

  backup
    .command('open')
    .description('standard input to standard output, decrypted')
    .requiredOption('--identity <file>', 'the key that "backup key" made: AGE-SECRET-KEY-…')
    .action(async ({ identity }: { identity: string }) => {
      const { Decrypter } = await import('age-encryption');
      const lines = (await readFile(identity, 'utf8').catch(refuseFile(identity))).split('\n');
      const keys = lines.map((line) => line.trim()).filter((line) => /^AGE-SECRET-KEY-/.test(line));
      if (keys.length === 0) throw new UsageError(`${identity} has no key (AGE-SECRET-KEY-…).`);
      const decrypter = new Decrypter();
      for (const key of keys) inWords(() => decrypter.addIdentity(key));
      await pipe((input) => decrypter.decrypt(input));
    });

  backup
    .command('prune')
    .description('of the names on standard input, those of backups to remove: 7 days, 4 weeks stay')
    .action(async () => {
      const names = (await text(process.stdin)).split('\n').map((line) => line.trim());
      const ended = endedBackups(names.filter((name) => name !== ''));
      if (ended.length > 0) say(...ended);
    });
}

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/** @throws FailedError in words: another key, or a file that was cut off or changed */
async function pipe(change: (input: Bytes) => Promise<ReadableStream<Uint8Array>>): Promise<void> {
  // Whoever reads a list may have seen enough; of a backup every byte counts, and a full disk is a failure.
  process.stdout.removeAllListeners('error');
  const output = Writable.toWeb(process.stdout) as WritableStream<Uint8Array>;
  try {
    const changed = await change(Readable.toWeb(process.stdin) as Bytes);
    await changed.pipeTo(output, { preventClose: true, preventAbort: true });
  } catch (thrown) {
    throw new FailedError(`This cannot be read or written: ${toError(thrown).message}`);
  }
}

function inWords(work: () => void): void {
  try {
    work();
  } catch (thrown) {
    throw new UsageError(`This is no key or recipient of age: ${toError(thrown).message}`);
  }
}

const refuseFile = (file: string) => (thrown: unknown) => {
  throw new UsageError(`${file} cannot be read: ${toError(thrown).message}`);
};
