/** `leadwire forms …`: the forms of page builders that post leads, and what of their posts made none. */
import { randomBytes } from 'node:crypto';
import { text as textOf } from 'node:stream/consumers';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { LandingApiError, retryRejects, testForm } from '@leadwire/operations/forms/form-requests';
import {
  FormError,
  changeForm,
  findForm,
  listForms,
  openRejects,
} from '@leadwire/operations/forms/form-store';
import { dialects, type IntakeForm } from '@leadwire/shared/contract/intake-forms';
import { leadKinds, type LeadKind } from '@leadwire/shared/contract/events';
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { givenInput, readGiven } from '../given-file.ts';
import { confirm, counted, say } from '../terminal.ts';
import { formLines, listLines, readingLines, rejectLines } from './form-screen.ts';

interface AddFlags {
  kind?: LeadKind;
  dialect?: IntakeForm['dialect'];
  secret?: string | true;
  map?: Record<string, string>;
  open?: boolean;
  on?: boolean;
  off?: boolean;
  json?: boolean;
}

export function addFormCommands(program: Command, readEnv: () => CliEnv): void {
  const forms = program.command('forms').description('forms of page builders that post leads');

  forms
    .command('add')
    .description('add a form, or change what is given of one; prints its address')
    .argument('<slug>', 'the last part of its address: spring, tilda-main')
    .addOption(new Option('--kind <kind>', 'what its leads are').choices(leadKinds))
    .addOption(
      new Option('--dialect <dialect>', 'who sends; found out by itself when left out').choices([
        'auto',
        ...dialects,
      ]),
    )
    .option(
      '--secret [secret]',
      'what the sender shows or signs with; one is made up when only named',
    )
    .option('--open', 'no secret: everybody may post')
    .option('--map <theirs=ours>', 'read their field as ours; may be given several times', parseMap)
    .option('--off', 'keep its posts without making leads of them')
    .option('--on', 'take leads again')
    .action((slug: string, flags: AddFlags) => inWords(() => addForm(readEnv(), slug, flags)));

  forms
    .command('list')
    .description('every form, its last lead, and how many posts made none')
    .action(({ json }: { json?: boolean }) => inWords(() => showList(readEnv(), json ?? false)));

  forms
    .command('show')
    .description('one form: its address with the secret, its mapping, posts that made no lead')
    .argument('<slug>', 'the form')
    .option('--private', 'show the posts as they came, with contact data')
    .action((slug: string, flags: { private?: boolean; json?: boolean }) =>
      inWords(() => showForm(readEnv(), slug, flags)),
    );

  forms
    .command('test')
    .description('show how a body would be read, without making a lead')
    .argument('<slug>', 'the form')
    .argument('[file]', 'a file with the body; standard input when left out')
    .option('--body <text>', 'the body itself')
    .option('--type <type>', 'its content type; found out by itself when left out', '')
    .action((slug: string, file: string | undefined, flags: TestFlags) =>
      inWords(() => testBody(readEnv(), slug, file, flags)),
    );

  forms
    .command('retry')
    .description('read the posts again that made no lead, after the form was mended')
    .argument('<slug>', 'the form')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only say how many there are')
    .action((slug: string, flags: RetryFlags) => inWords(() => retry(readEnv(), slug, flags)));
}

interface TestFlags {
  body?: string;
  type: string;
  json?: boolean;
}

interface RetryFlags {
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** `Их поле=phone`, gathered. @throws InvalidArgumentError */
export function parseMap(
  text: string,
  before: Record<string, string> = {},
): Record<string, string> {
  const at = text.lastIndexOf('=');
  const [theirs, ours] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  if (at < 1 || theirs === '' || ours === '') {
    throw new InvalidArgumentError('expected their field and ours, such as "Ваш номер=phone"');
  }
  return { ...before, [theirs]: ours };
}

async function addForm(env: CliEnv, slug: string, flags: AddFlags): Promise<void> {
  const database = databaseOf(env);
  const { kind, dialect, map, on, off } = flags;
  const secret = secretOf(flags);
  const given = {
    slug,
    ...(kind && { kind }),
    ...(dialect && { dialect }),
    ...(map && { mapping: map }),
    ...(secret !== undefined && { secret }),
    ...((on ?? off) && { active: !off }),
  };
  const { form, isNew } = await withBus(env, (bus) =>
    changeForm({ bus, actor: actorHere() }, database, given),
  );
  if (flags.json) return answer({ ...form, address: addressOf(env, form) });
  say(
    isNew ? 'The form is added.' : 'The form is changed.',
    ...formLines(form, addressOf(env, form)),
  );
}

function secretOf({ secret, open }: AddFlags): string | null | undefined {
  if (open) return null;
  return secret === true ? randomBytes(18).toString('base64url') : secret;
}

async function showList(env: CliEnv, isJson: boolean): Promise<void> {
  const database = databaseOf(env);
  const { forms, bad } = await listForms(database);
  const rejects = await openRejects(database);
  const rows = forms.map((form) => ({
    ...form,
    rejects: rejects.filter((reject) => reject.form === form.slug).length,
  }));
  const unknown = rejects.filter(({ form }) => !forms.some(({ slug }) => slug === form)).length;
  if (isJson) return answer({ forms: rows.map(({ secret: _, ...row }) => row), bad, unknown });
  say(...listLines(rows, bad, unknown));
}

async function showForm(
  env: CliEnv,
  slug: string,
  flags: { private?: boolean; json?: boolean },
): Promise<void> {
  const database = databaseOf(env);
  const [form, rejects] = await Promise.all([
    findForm(database, slug),
    openRejects(database, slug),
  ]);
  if (form === undefined && rejects.length === 0)
    throw new FailedError(`There is no form "${slug}".`);
  const shown = rejects.map(({ body, query: _, ...rest }) =>
    flags.private ? { ...rest, body } : rest,
  );
  if (flags.json) {
    return answer({ form, address: form && addressOf(env, form), rejects: shown });
  }
  if (form !== undefined) say(...formLines(form, addressOf(env, form)));
  else say(`There is no form "${slug}", but posts to it. "leadwire forms add ${slug}" makes one.`);
  say(...rejectLines(rejects, flags.private ?? false));
}

async function testBody(
  env: CliEnv,
  slug: string,
  file: string | undefined,
  { body, type }: TestFlags,
): Promise<void> {
  if (body === undefined && file === undefined && process.stdin.isTTY) {
    throw new UsageError('Give a file, --body, or the body on standard input.');
  }
  const given =
    body ?? (file === undefined ? await textOf(givenInput()) : (await readGiven(file)).toString());
  const reading = await testForm(apiOf(env), slug, {
    body: given,
    contentType: type || 'text/plain',
  });
  answer(reading, ...readingLines(reading));
}

async function retry(env: CliEnv, slug: string, flags: RetryFlags): Promise<void> {
  const database = databaseOf(env);
  const { length: count } = await openRejects(database, slug);
  if (count === 0 || flags.dryRun) {
    return answer({ waiting: count }, `${counted(count, 'post')} to ${slug} made no lead.`);
  }
  const question = `Read ${counted(count, 'post')} to ${slug} again?`;
  if (!(await confirm(question, flags.yes ?? false))) return;
  const report = await retryRejects(apiOf(env), database, slug);
  if (flags.json) return answer(report);
  say(`${counted(report.taken, 'lead')} taken, ${report.left.length} left.`);
  for (const { id, why } of report.left) say(`  ${id}: ${why}`);
}

function databaseOf({
  LANDING_SUPABASE_URL: url,
  LANDING_SUPABASE_SERVICE_KEY: serviceKey,
}: CliEnv): Database {
  if (url === undefined || serviceKey === undefined) {
    throw new FailedError(
      'Forms are in the database: give LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY.',
    );
  }
  return createDatabase({ project: 'landing', url, serviceKey });
}

function apiOf({ LANDING_API_URL: url, ADMIN_TOKEN: adminToken }: CliEnv) {
  if (adminToken === undefined)
    throw new FailedError('landing-api is asked with ADMIN_TOKEN: give it.');
  return { url, adminToken };
}

/** Where the builder sends to; signing dialects have the secret in their own settings instead. */
function addressOf(
  { PUBLIC_BASE_URL, LANDING_API_URL }: CliEnv,
  { slug, secret }: IntakeForm,
): string {
  const address = `${PUBLIC_BASE_URL ?? LANDING_API_URL}/api/forms/${slug}`;
  return secret === null
    ? address
    : `${address}?${new URLSearchParams({ key: secret }).toString()}`;
}

async function inWords(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (thrown instanceof FormError) throw new UsageError(thrown.message);
    if (thrown instanceof LandingApiError) throw new FailedError(thrown.message, { cause: thrown });
    throw thrown;
  }
}
