/** `leadwire texts …`: what campaigns say, written in a file, with every version that ever was. */
import { text as textOfStream } from 'node:stream/consumers';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { checkLinks } from '@leadwire/operations/texts/check-links';
import { readTextFile, writeTextFile } from '@leadwire/operations/texts/text-file';
import {
  createTextStore,
  serviceDoor,
  textPurposes,
  type StoredText,
  type TextPurpose,
  type TextStore,
} from '@leadwire/operations/texts/text-store';
import {
  archiveText,
  readContent,
  restoreText,
  saveText,
  textOf,
  type TextParts,
} from '@leadwire/operations/texts/texts';
import { checkOwnText, type TextFinding } from '@leadwire/templates/own-texts/check-text';
import {
  builtInText,
  checkOwnMessage,
  showOwnMessage,
} from '@leadwire/templates/own-texts/own-message';
import type { OwnText } from '@leadwire/templates/own-texts/own-text';
import { templateNames, type TemplateName } from '@leadwire/templates/templates';
import { compileOwnText } from '@leadwire/templates/own-texts/own-template';
import { showOwnText, type ShownFor } from '@leadwire/templates/own-texts/show-text';
import { addressesIn } from '@leadwire/templates/own-texts/text-addresses';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { givenInput, readGiven, writeGiven } from '../given-file.ts';
import { openLanding } from '../landing.ts';
import { confirm } from '../terminal.ts';
import { addPictureCommand } from './picture-command.ts';
import { findingLines, listLines, previewLines, versionLines } from './text-screen.ts';

interface WriteFlags {
  title?: string;
  base?: number;
  purpose: TextPurpose;
  dryRun?: boolean;
  json?: boolean;
}

export function addTextCommands(program: Command, readEnv: () => CliEnv): void {
  const texts = program.command('texts').description('what campaigns say: texts with versions');
  const withText = (name: string, description: string) =>
    texts.command(name).description(description).argument('<name>', 'the name of the text');

  texts
    .command('list')
    .description('every text, the newest first')
    .action(async () => {
      const found = await (await storeOf(readEnv())).list();
      answer(found, ...listLines(found));
    });

  withText('show', 'one text as a file: change it, and "texts write" makes it a new version')
    .option('--version <n>', 'an earlier one', parseVersion)
    .option('--built-in', 'of a message of the product: the words it has by itself')
    .action(async (name: string, { version, builtIn }: { version?: number; builtIn?: boolean }) => {
      if (builtIn) {
        const content = await builtInText(messageOf(name));
        return answer({ name, content }, writeTextFile(name, content).trimEnd());
      }
      const text = await textOf(await storeOf(readEnv()), name, version);
      answer(text, writeTextFile(text.title, text.content).trimEnd());
    });

  withText('write', 'a new version from a file (a head and Markdown, or JSON)')
    .argument('[file]', 'standard input when it is left out')
    .option('--title <title>', 'what people call it; else what the file says')
    .option(
      '--base <n>',
      'the version that it was written on top of; else the newest',
      parseVersion,
    )
    .addOption(
      new Option('--purpose <purpose>', 'for a campaign, or in place of a message of the product')
        .choices(textPurposes)
        .default('campaign'),
    )
    .option('--dry-run', 'check it and store nothing')
    .action((name: string, file: string | undefined, flags: WriteFlags) =>
      write(readEnv(), { name, file }, flags),
    );

  addPictureCommand(texts, readEnv);
  withText('preview', 'what somebody gets of it, exactly as it is sent')
    .option('--version <n>', 'an earlier one', parseVersion)
    .option('--html <file>', 'write the mail there, to be opened in a browser')
    .option('--who <name>', 'whom it greets; empty for somebody without a name', 'Айгерим')
    .action(preview(readEnv));

  withText('check', 'what is to be mended before people get it; asks every link')
    .option('--version <n>', 'an earlier one', parseVersion)
    .option('--no-links', 'ask no links')
    .action(check(readEnv));

  withText('versions', 'every version, the newest first').action(async (name: string) => {
    const found = await (await storeOf(readEnv())).versions(name);
    answer(found, ...versionLines(found));
  });

  withText('restore', 'make an earlier version the newest one')
    .argument('<version>', 'its number', parseVersion)
    .action(async (name: string, version: number) => {
      await changing(readEnv(), async (parts) => {
        const { version: base } = await newest(parts.texts, name);
        const saved = await restoreText(parts, { name, version, base });
        answer(saved, `${name} says again what version ${version} said: version ${saved.version}.`);
      });
    });

  withText(
    'archive',
    'offer it no more; a message of the product has its own words again; versions stay',
  )
    .option('--undo', 'offer it again')
    .option('-y, --yes', 'do not ask')
    .action(
      async (name: string, { undo = false, yes = false }: { undo?: boolean; yes?: boolean }) => {
        if (!undo && !(await confirm(`Offer ${name} no more?`, yes))) return;
        await changing(readEnv(), (parts) => archiveText(parts, name, !undo));
        const said = undo ? `${name} is offered again.` : `${name} is offered no more.`;
        answer({ name, isOffered: undo }, said);
      },
    );
}

async function write(
  env: CliEnv,
  { name, file }: { name: string; file: string | undefined },
  { title, base, purpose, dryRun }: WriteFlags,
): Promise<void> {
  const source =
    file === undefined ? await textOfStream(givenInput()) : (await readGiven(file)).toString();
  const given = readTextFile(source);
  const findings = await findingsOf(name, purpose, readContent(given.content));
  if (dryRun) return answer({ findings }, ...findingLines(findings));
  await changing(env, async (parts) => {
    const newestBase = base ?? (await parts.texts.versions(name))[0]?.version ?? 0;
    const text = { name, title: title ?? given.title, purpose, content: given.content };
    const saved = await saveText(parts, { ...text, base: newestBase });
    const said = saved.isNew ? 'version' : 'nothing new, it is version';
    answer({ ...saved, findings }, `${name}: ${said} ${saved.version}.`, ...findingLines(findings));
  });
}

interface PreviewFlags {
  version?: number;
  html?: string;
  who: string;
}

function preview(readEnv: () => CliEnv) {
  return async (name: string, { version, html, who }: PreviewFlags) => {
    const env = readEnv();
    const text = await textOf(await storeOf(env), name, version);
    const shown = await show(text, {
      name: who === '' ? null : who,
      ...(env.PUBLIC_BASE_URL !== undefined && { publicUrl: env.PUBLIC_BASE_URL }),
    });
    if (html !== undefined && shown.mail) await writeGiven(html, shown.mail.html);
    answer(shown, ...previewLines(shown));
  };
}

function check(readEnv: () => CliEnv) {
  return async (name: string, flags: { version?: number; links: boolean }) => {
    const { content, purpose } = await textOf(await storeOf(readEnv()), name, flags.version);
    const asked = flags.links ? checkLinks(addressesIn(content)) : [];
    const findings: TextFinding[] = [
      ...(await findingsOf(name, purpose, content)),
      ...(await asked),
    ];
    answer(findings, ...findingLines(findings));
    if (findings.some(({ level }) => level === 'stop')) {
      throw new FailedError('It cannot be sent as it is.');
    }
  };
}

/** A message of the product is held to more than a campaign's text, and knows other variables. */
function findingsOf(name: string, purpose: TextPurpose, content: OwnText): Promise<TextFinding[]> {
  return purpose === 'transactional'
    ? checkOwnMessage(messageOf(name), content)
    : checkOwnText(content);
}

async function show({ name, purpose, content }: StoredText, shownFor: ShownFor) {
  if (purpose === 'transactional') return showOwnMessage(messageOf(name), content, shownFor);
  return showOwnText(await compileOwnText(name, content), shownFor);
}

/** @throws FailedError for what is no message of the product */
function messageOf(name: string): TemplateName {
  const known = templateNames.find((each) => each === name);
  if (known) return known;
  throw new FailedError(`There is no message "${name}": there are ${templateNames.join(', ')}.`);
}

async function newest(texts: TextStore, name: string): Promise<{ version: number }> {
  const [first] = await texts.versions(name);
  if (first === undefined) throw new FailedError(`There is no text "${name}".`);
  return first;
}

async function storeOf(env: CliEnv): Promise<TextStore> {
  const database = await openLanding(env);
  if (database === undefined) {
    throw new FailedError(
      'Texts are in the database: give LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY.',
    );
  }
  return createTextStore(serviceDoor(database));
}

async function changing(env: CliEnv, work: (parts: TextParts) => Promise<void>): Promise<void> {
  const texts = await storeOf(env);
  await withBus(env, (bus) => work({ bus, texts, actor: actorHere() }));
}

function parseVersion(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new InvalidArgumentError('expected the number of a version');
  return Number(text);
}
