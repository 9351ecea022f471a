/** `leadwire database forget-passwords`: plain passwords that an older platform left in the tripwire project. */
import type { Command } from 'commander';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { columns, confirm, counted, oneLine, say } from '../terminal.ts';

const answerSchema = z.object({
  emptied: z.number(),
  kept: z.array(z.object({ id: z.string(), why: z.string() })),
});

const WORDS: Readonly<Record<string, string>> = {
  no_login: 'has no login: make one, and send them a link for a password',
  not_confirmed: 'has never confirmed their address: send them a link',
  no_password: 'has a login without a password: send them a link',
  banned: 'is banned: decide whether they should be',
};

export function addForgetPasswordsCommand(database: Command, readEnv: () => CliEnv): void {
  database
    .command('forget-passwords')
    .description(
      'empty generated_password of the students who can log in without it; list the others',
    )
    .option('--dry-run', 'only say how many')
    .option('-y, --yes', 'do not ask')
    .action((flags: { dryRun?: boolean; yes?: boolean; json?: boolean }) =>
      forgetPasswords(readEnv(), flags),
    );
}

async function forgetPasswords(
  { TRIPWIRE_SUPABASE_URL: url, TRIPWIRE_SERVICE_ROLE_KEY: serviceKey }: CliEnv,
  flags: { dryRun?: boolean; yes?: boolean; json?: boolean },
): Promise<void> {
  if (url === undefined || serviceKey === undefined) {
    throw new UsageError('TRIPWIRE_SUPABASE_URL and TRIPWIRE_SERVICE_ROLE_KEY are needed.');
  }
  const project = createDatabase({ project: 'tripwire', url, serviceKey });
  const forget = (really: boolean) =>
    project.call('leadwire_forget_generated_passwords', { really }, answerSchema);
  const found = await forget(false);
  const question = `${counted(found.emptied, 'generated password')} will be emptied for good. Go on?`;
  const isMeant = found.emptied > 0 && flags.dryRun !== true;
  const really = isMeant && (await confirm(question, flags.yes === true));
  // Looked at once more there: who cannot log in any more keeps theirs.
  const { emptied, kept } = really ? await forget(true) : found;
  if (flags.json) answer({ emptied: really ? emptied : 0, kept });
  else {
    say(really ? `${emptied} emptied.` : `${emptied} could be emptied; nothing was changed.`);
    const rows = kept.map(({ id, why }) => [oneLine(id), WORDS[why] ?? why]);
    if (rows.length > 0) say('', ...columns(['STUDENT', 'KEEPS IT: WHAT TO DO'], rows));
  }
  if (kept.length > 0) throw new FailedError(flags.json ? '' : `${kept.length} keep theirs.`);
}
