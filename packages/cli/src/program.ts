/** The command line: what there is to say, and what each failure means to the shell. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { RefusedError } from '@leadwire/operations/refused-error';
import { toError } from '@leadwire/shared/errors';
import { addAmocrmCommands } from './amocrm/amocrm-commands.ts';
import { askForJson, withAnswer } from './answer.ts';
import { addBackupCommands } from './backup/backup-commands.ts';
import { addAuditCommand } from './doctor/audit-command.ts';
import { addCampaignCommands } from './campaigns/campaign-commands.ts';
import { addDatabaseCommands } from './database/database-commands.ts';
import { addDeadCommands } from './dead/dead-commands.ts';
import { addDoctorCommand } from './doctor/doctor-command.ts';
import type { CliEnv } from './env.ts';
import { FailedError, UsageError, inSentence, shortened } from './failure.ts';
import { addFormCommands } from './forms/form-commands.ts';
import { addHealthCommand } from './doctor/health-command.ts';
import { addLeadCommands } from './leads/lead-commands.ts';
import { addPersonCommands } from './person/person-commands.ts';
import { addReferralCommands } from './referrals/referral-commands.ts';
import { addReplayCommand } from './replay/replay-commands.ts';
import { addReportCommands } from './reports/report-commands.ts';
import { addSegmentCommands } from './campaigns/segment-commands.ts';
import { addSequenceCommands } from './campaigns/sequence-commands.ts';
import { addSmsCommands } from './sms/sms-commands.ts';
import { addStaffCommands } from './staff/staff-commands.ts';
import { addTextCommands } from './texts/text-commands.ts';
import { addTelegramCommands } from './telegram/telegram-commands.ts';
import { addTrafficCommand } from './reports/traffic-command.ts';
import { addTokenCommands } from './tokens/token-commands.ts';
import { addTopologyCommands } from './broker/topology-commands.ts';

const AFTER_HELP = `
Examples:
  leadwire leads find Айгерим
  leadwire leads show 0199f3a2
  leadwire dead list --since 2h --service notifier
  leadwire dead redrive --cause attempts_spent
  leadwire telegram code
  leadwire forms add spring --kind request --secret
  leadwire doctor
  leadwire campaign status 01997f3a-2b1c --watch

The broker and the database are those of the running "npm start", of .env, or of the environment:
NATS_URL, LANDING_SUPABASE_URL, LANDING_SUPABASE_SERVICE_KEY; for campaigns MAILER_BATCH_URL, ADMIN_TOKEN.
Exit codes: 0 done, 1 could not be done, 2 asked for in a wrong way.`;

/** In the order of the help. */
const GROUPS: readonly ((program: Command, readEnv: () => CliEnv) => void)[] = [
  addLeadCommands,
  addFormCommands,
  addDeadCommands,
  addReplayCommand,
  addTopologyCommands,
  addBackupCommands,
  addDatabaseCommands,
  addAmocrmCommands,
  addTelegramCommands,
  addPersonCommands,
  addStaffCommands,
  addReferralCommands,
  addTokenCommands,
  addReportCommands,
  addTrafficCommand,
  addSmsCommands,
  addDoctorCommand,
  addHealthCommand,
  addAuditCommand,
  addCampaignCommands,
  addTextCommands,
  addSegmentCommands,
  addSequenceCommands,
];

/** All commands with their options, not run yet. */
export function buildProgram(readEnv: () => CliEnv): Command {
  const program = new Command('leadwire')
    .description(
      'Looks at leads and at what could not be done with them, acts on it, and runs campaigns.',
    )
    .version(versionOf(), '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this, or the help of a command')
    .addHelpText('after', AFTER_HELP)
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError()
    .hook('preAction', (_, command) => {
      if (command.opts<{ json?: boolean }>().json) askForJson();
    });
  for (const add of GROUPS) add(program, readEnv);
  forAll(program, (command) => {
    command.exitOverride().helpCommand(false);
    if (command.commands.length === 0) command.option('--json', 'as one JSON document');
    command.showHelpAfterError(`"${pathOf(command)} --help" shows what there is.`);
  });
  return program;
}

/**
 * Runs one command line (without `node` and the file) and resolves with its exit code. What went
 * wrong is on standard error, in words. @throws what is a bug of ours.
 */
export async function runCli(args: readonly string[], readEnv: () => CliEnv): Promise<number> {
  const program = buildProgram(readEnv);
  try {
    await withAnswer(() => program.parseAsync([...args], { from: 'user' }));
    return 0;
  } catch (thrown) {
    return exitCodeOf(thrown);
  }
}

function versionOf(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** What was refused because it was asked for in a wrong way. */
const WRONG_WAY = ['bad_id', 'bad_contact', 'too_short', 'no_token', 'no_such_service'];

function exitCodeOf(thrown: unknown): number {
  // commander has said it itself: help that was asked for, or what is wrong with the line.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  const error = toError(thrown);
  process.stderr.write(`${shortened(inSentence(error))}\n`);
  if (error instanceof RefusedError) return WRONG_WAY.includes(String(error.problem)) ? 2 : 1;
  return error instanceof FailedError || error instanceof UsageError ? error.exitCode : 1;
}

function forAll(command: Command, change: (command: Command) => void): void {
  change(command);
  for (const each of command.commands) forAll(each, change);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
