/** Types the commands of a page into the running stack, in their order. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { processEnv } from '@leadwire/testing/process-env';
import { waitFor } from '@leadwire/testing/wait-for';
import { connect } from 'nats';
import { runCli } from '../../packages/cli/test/run-cli.ts';
import { root } from './fenced-lines.ts';
import type { Told, Way } from './fenced-ways.ts';

/** What a line did: exit code and all that it said. */
type Done = { code: number; said: string };

export type Reader = {
  told: Told;
  /** The variables of the running stack, as `npm run leadwire` has them. */
  env: Record<string, string>;
  /** Where the files are that the pages name. */
  folder: string;
};

/** A picture of one point. */
const POINT =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const FILE = /^[\w-]+\.(?:csv|json|md|txt|jpg|html)$/;
const execute = promisify(execFile);

/** Why the line does not do what the page says; undefined when it does. */
export async function problemOf(
  reader: Reader,
  line: string,
  way: Way,
): Promise<string | undefined> {
  let asked = false;
  for (const command of line.split(' && ')) {
    const words = wordsOf(filledIn(command, way, reader.told));
    let done = await type(reader, words);
    // Without a terminal a question is refused with the option that answers it.
    const [, option] = /Give (--[a-z]+(?: \d+)?)\.$/m.exec(done.said) ?? [];
    if (way.asks && done.code === 2 && option !== undefined) {
      asked = true;
      done = await type(reader, [...words, ...option.split(' '), ...way.asks]);
    }
    const problem = judge(done, way);
    if (problem !== undefined) return `${problem}: ${done.said.slice(0, 500)}`;
  }
  return way.asks && !asked ? 'did not ask' : undefined;
}

function judge({ code, said }: Done, { refusal }: Way): string | undefined {
  if (!refusal) return code === 0 ? undefined : `ended with ${code}`;
  if (code !== 0 && refusal.test(said)) return undefined;
  return `ended with ${code} and not with ${String(refusal)}`;
}

function filledIn(command: string, { given = {} }: Way, told: Told): string {
  return Object.entries(given).reduce(
    (line, [word, value]) => line.replaceAll(word, () => value(told)),
    command,
  );
}

function wordsOf(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
}

async function type(reader: Reader, words: string[]): Promise<Done> {
  const at = (word: string) => (FILE.test(word) ? path.join(reader.folder, word) : word);
  const to = words.findIndex((word) => word.startsWith('>') && word !== '>=');
  const target = to === -1 ? undefined : words.slice(to).join('').replace('>', '');
  const [program = '', ...rest] = (to === -1 ? words : words.slice(0, to)).map(at);
  const done = await runIt(reader, program, rest);
  if (target !== undefined) writeFileSync(at(target), done.out);
  return { code: done.code, said: done.out + done.err };
}

type Run = { code: number; out: string; err: string };

async function runIt(reader: Reader, program: string, args: string[]): Promise<Run> {
  const command = cliCommand([program, ...args]);
  if (command) return runLeadwire(reader, command);
  if (program === 'curl') return curl(reader, args);
  const { stdout } = await execute(program === 'node' ? process.execPath : program, args, {
    cwd: root,
    env: { ...process.env, ...processEnv },
  });
  return { code: 0, out: stdout, err: '' };
}

/** What stands after the ways in which our command line is called. */
function cliCommand(words: string[]): string[] | undefined {
  const ways = ['npm run leadwire --', 'docker compose run --rm leadwire', 'leadwire'];
  const way = ways
    .map((each) => each.split(' '))
    .find((each) => each.every((word, n) => words[n] === word));
  return way && words.slice(way.length);
}

async function runLeadwire({ env, told }: Reader, args: string[]): Promise<Run> {
  const done = await runCli(env, ...args);
  const [, draft] = /^Draft (\S+)/m.exec(done.out) ?? [];
  if (draft !== undefined) told.campaigns.unshift(draft);
  return done;
}

/** The part of curl that the pages use, which a machine may lack: -X, -H, -d and -i. */
async function curl({ env, told }: Reader, args: string[]): Promise<Run> {
  const valuesOf = (flag: string) => args.filter((_, n) => args[n - 1] === flag);
  const address = args.find((arg) => arg.startsWith('localhost:3000')) ?? '';
  const [body] = valuesOf('-d');
  const response = await fetch(address.replace('localhost:3000', env['LANDING_API_URL'] ?? ''), {
    method: valuesOf('-X')[0] ?? (body === undefined ? 'GET' : 'POST'),
    headers: Object.fromEntries(
      valuesOf('-H').map((header) => header.split(': ') as [string, string]),
    ),
    ...(body !== undefined && { body }),
  });
  const out = await response.text();
  const { leadId } = JSON.parse(out) as { leadId?: string };
  if (leadId !== undefined) told.leadId = leadId;
  return { code: response.ok ? 0 : 1, out, err: '' };
}

/** What the pages look at where something could not be handled: an event that nobody can read. */
export async function makeDeadLetter({ env, told }: Reader): Promise<void> {
  const connection = await connect({ servers: env['NATS_URL'] ?? '' });
  await connection.jetstream().publish('leads.created.proftest.a-lead-without-anything', '{}');
  await connection.drain();
  const numbers = async () => {
    const { out } = await runCli(env, 'dead', 'list', '--json');
    return [...out.matchAll(/"seq": (\d+)/g)].map(([, number = '']) => number);
  };
  await waitFor(async () => (told.deadLetter = (await numbers())[0] ?? '') !== '', {
    what: 'a dead letter of it',
  });
}

/** The files that the pages name, with what the pages say is in them. */
export function writeFilesOfPages(folder: string): void {
  const page = readFileSync(path.join(root, 'docs/CAMPAIGN-CSV.md'), 'utf8');
  const sample = readFileSync(
    path.join(root, 'packages/templates/texts/stream-moved/sample.json'),
    'utf8',
  );
  const {
    brand: _brand,
    supportEmail: _mail,
    name: _name,
    ...asked
  } = JSON.parse(sample) as Record<string, unknown>;
  const moved = { ...asked, newDate: new Date(Date.now() + 7 * 86_400_000).toISOString() };
  const files = {
    'people.csv': /```\n(Имя;.*?)```/s.exec(page)?.[1] ?? '',
    'moved.json': JSON.stringify(moved),
    'texts.json': JSON.stringify(moved),
    'body.txt': 'name=Айгерим&phone=8 700 000 45 67',
    'day.md': '---\nsubject: День открытых дверей\n---\n# Ждём вас\n\nПриходите в субботу.\n',
    'spend.csv': 'date,source,spend\n2026-11-01,instagram,1000\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  writeFileSync(path.join(folder, 'hall.jpg'), Buffer.from(POINT, 'base64'));
}
