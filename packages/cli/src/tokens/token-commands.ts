/** `leadwire tokens …`: with what programs ask our services, and for what. */
import { Option, type Command } from 'commander';
import {
  addToken,
  listTokens,
  revokeToken,
  type ListedToken,
} from '@leadwire/operations/tokens/tokens';
import { scopes, type Scope } from '@leadwire/shared/contract/access-tokens';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { columns, confirm, paint, say } from '../terminal.ts';

interface Flags {
  scope: Scope[];
  json?: boolean;
  yes?: boolean;
  dryRun?: boolean;
  all?: boolean;
}

const SCOPES =
  'status: a lead and its messages; metrics: /metrics; campaigns: mailer-batch; platform: what the platform tells; admin: everything';

export function addTokenCommands(program: Command, readEnv: () => CliEnv): void {
  const tokens = program.command('tokens').description('tokens of programs, each for a purpose');

  tokens
    .command('add')
    .alias('create')
    .description('make one, and print it; this is the only time that it is shown')
    .argument('<name>', 'who will hold it: prometheus, platform, a script')
    .addOption(new Option('--scope <scope...>', SCOPES).choices(scopes).makeOptionMandatory())
    .option('--dry-run', 'make none')
    .action((name: string, flags: Flags) => add(readEnv(), name, flags));

  tokens
    .command('list')
    .description('who may ask for what, the newest first')
    .option('--all', 'with those that have ended')
    .action((flags: Flags) =>
      withBus(readEnv(), async (bus) => list(await listTokens(bus), flags)),
    );

  tokens
    .command('revoke')
    .description('end one: within a second no service takes it any more')
    .argument('<id>', 'its id, or its name where only one of that name is valid')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'end none')
    .action((id: string, flags: Flags) => revoke(readEnv(), id, flags));
}

async function add(env: CliEnv, name: string, { scope, dryRun, json }: Flags): Promise<void> {
  if (dryRun) {
    return answer(
      { wouldAdd: { name, scopes: scope } },
      'Nothing was changed: this was a dry run.',
    );
  }
  await withBus(env, async (bus) => {
    const { added, token } = await addToken({ bus, actor: actorHere() }, { name, scopes: scope });
    if (json) return answer({ ...added, token });
    say(
      paint('green', token),
      '',
      `For ${added.name}: ${added.scopes.join(', ')}. It is not shown again.`,
    );
  });
}

function list(tokens: readonly ListedToken[], { all, json }: Flags): void {
  const shown = tokens.filter(({ revokedAt }) => all === true || revokedAt === undefined);
  if (json) return answer(shown);
  if (shown.length === 0)
    return say('There are none: "leadwire tokens add <name> --scope <scope>".');
  const rows = shown.map(({ id, name, scopes: may, createdAt, createdBy, revokedAt }) => [
    id,
    name,
    may.join(', '),
    createdAt.slice(0, 10),
    createdBy,
    revokedAt === undefined ? 'valid' : `ended ${revokedAt.slice(0, 10)}`,
  ]);
  say(...columns(['ID', 'NAME', 'SCOPES', 'MADE', 'BY', 'STATE'], rows));
}

async function revoke(env: CliEnv, id: string, flags: Flags): Promise<void> {
  if (flags.dryRun) return say('Nothing was changed: this was a dry run.');
  const question = 'Whoever uses this token will be refused at once. Go on?';
  if (!(await confirm(question, flags.yes === true))) return say('Nothing was changed.');
  await withBus(env, async (bus) => {
    const ended = await revokeToken({ bus, actor: actorHere() }, id);
    if (flags.json) return answer(ended);
    say(`${ended.name} (${ended.id}) has ended.`);
  });
}
