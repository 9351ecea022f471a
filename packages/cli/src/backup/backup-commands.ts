/** `backup …`: what deploy/backup does with a backup's bytes; works without a broker, a database and settings. */
import { open, rm } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { toError } from '@leadwire/shared/errors';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError, inSentence } from '../failure.ts';
import { cannotWrite, givenInput, readGiven } from '../given-file.ts';
import { endedBackups } from './ended-backups.ts';

export function addBackupCommands(program: Command, readEnv: () => CliEnv): void {
  const backup = program.command('backup').description('the bytes of backups: sealed and opened');
  backup
    .command('key')
    .description('make a pair: BACKUP_RECIPIENT for .env, and the key that opens backups')
    .action(async () => {
      const { generateIdentity, identityToRecipient } = await import('age-encryption');
      const identity = await generateIdentity();
      const recipient = await identityToRecipient(identity);
      answer(
        { recipient, identity },
        `# BACKUP_RECIPIENT=${recipient}`,
        '# Keep this key away from the machine; without it no backup can be read.',
        identity,
      );
    });

  backup
    .command('seal')
    .description('standard input to standard output, encrypted (age) for BACKUP_RECIPIENT')
    .option('--to <recipient>', 'for somebody else: age1…')
    .option(...OUTPUT)
    .action(async ({ to = readEnv().BACKUP_RECIPIENT, ...flags }: { to?: string } & PipeFlags) => {
      if (to === undefined) {
        throw new UsageError('BACKUP_RECIPIENT is not given. "leadwire backup key" makes one.');
      }
      const { Encrypter } = await import('age-encryption');
      const encrypter = new Encrypter();
      inWords(() => encrypter.addRecipient(to));
      await pipe(flags, (input) => encrypter.encrypt(input));
    });

  backup
    .command('open')
    .description('standard input to standard output, decrypted')
    .requiredOption('--identity <file>', 'the key that "backup key" made: AGE-SECRET-KEY-…')
    .option(...OUTPUT)
    .action(async ({ identity, ...flags }: { identity: string } & PipeFlags) => {
      const { Decrypter } = await import('age-encryption');
      const lines = (await readGiven(identity)).toString().split('\n');
      const keys = lines.map((line) => line.trim()).filter((line) => /^AGE-SECRET-KEY-/.test(line));
      if (keys.length === 0) throw new UsageError(`${identity} has no key (AGE-SECRET-KEY-…).`);
      const decrypter = new Decrypter();
      for (const key of keys) inWords(() => decrypter.addIdentity(key));
      await pipe(flags, (input) => decrypter.decrypt(input));
    });

  backup
    .command('prune')
    .description('of the names on standard input, those of backups to remove: 7 days, 4 weeks stay')
    .action(async () => {
      const names = (await text(givenInput())).split('\n').map((line) => line.trim());
      const ended = endedBackups(names.filter((name) => name !== ''));
      answer(ended, ...ended);
    });
}

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

interface PipeFlags {
  output?: string;
  json?: boolean;
}

const OUTPUT = ['-o, --output <file>', 'a new file instead of standard output'] as const;

/** @throws FailedError in words: another key, a file that was cut off or changed, or one that is there already */
async function pipe(
  { output: file, json }: PipeFlags,
  change: (input: Bytes) => Promise<ReadableStream<Uint8Array>>,
): Promise<void> {
  if (json && file === undefined) {
    throw new UsageError('Standard output is the backup itself: with --json give --output <file>.');
  }
  const input = Readable.toWeb(givenInput()) as Bytes;
  const output = file === undefined ? outputOfProcess() : await newFile(file);
  try {
    const changed = await change(input);
    const target = Writable.toWeb(output) as WritableStream<Uint8Array>;
    const stays = file === undefined;
    await changed.pipeTo(target, { preventClose: stays, preventAbort: stays });
  } catch (thrown) {
    // What is half there is no backup, and the next attempt would find it there already.
    if (file !== undefined) await rm(file, { force: true });
    throw new FailedError(`This cannot be read or written: ${inSentence(toError(thrown))}`);
  }
  if (file !== undefined) answer({ file }, `It is in ${file}.`);
}

/** Its owner's alone. @throws FailedError in words: one that is there already, a folder that is not there */
async function newFile(file: string): Promise<NodeJS.WritableStream & Writable> {
  try {
    return (await open(file, 'wx', 0o600)).createWriteStream();
  } catch (thrown) {
    throw cannotWrite(file, thrown);
  }
}

/** Whoever reads a list may have seen enough; of a backup every byte counts, and a full disk is a failure. */
function outputOfProcess(): NodeJS.WriteStream {
  process.stdout.removeAllListeners('error');
  return process.stdout;
}

function inWords(work: () => void): void {
  try {
    work();
  } catch (thrown) {
    throw new UsageError(`This is no key or recipient of age: ${toError(thrown).message}`);
  }
}
