/** `leadwire staff …`: who works here, as what, and the links with which they come in. */
import { createClient } from '@supabase/supabase-js';
import { Option, type Command } from 'commander';
import { audited } from '@leadwire/operations/audit/audited';
import { createStaffAccounts, type StaffAccounts } from '@leadwire/operations/staff/accounts';
import { createStaffDirectory, type StaffMember } from '@leadwire/operations/staff/directory';
import {
  addStaff,
  changeStaff,
  disableStaff,
  enableStaff,
  linkForStaff,
  type StaffParts,
} from '@leadwire/operations/staff/staff';
import { StaffError } from '@leadwire/operations/staff/staff-error';
import { staffRoles, type StaffRole } from '@leadwire/shared/contract/staff-facts';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { usernameOf } from '../doctor/telegram-bots.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { clock, columns, confirm, oneLine, paint, say } from '../terminal.ts';
import { addStaffImportCommands } from './staff-import.ts';

type Parts = StaffParts & { accounts: StaffAccounts; bus: Bus };

interface Flags {
  role?: StaffRole;
  name?: string;
  utmSource?: string[];
  json?: boolean;
  yes?: boolean;
}

const ROLES =
  'owner: everything; sales: leads with contacts; targetologist: own UTM sources, no contacts; viewer: no contacts';

export function addStaffCommands(program: Command, readEnv: () => CliEnv): void {
  const staff = program.command('staff').description('the people who work here, and their rights');
  addStaffImportCommands(staff, readEnv);
  const address = ['<mail>', 'the address with which they sign in'] as const;
  const role = () => new Option('--role <role>', ROLES).choices(staffRoles);
  const more = (command: Command) =>
    command
      .option('--name <name>', 'how they are called')
      .option('--utm-source <source...>', 'a targetologist’s own UTM sources');

  more(staff.command('add').description('add somebody, and print a link that works once'))
    .argument(...address)
    .addOption(role().makeOptionMandatory())
    .action((email: string, flags: Flags & { role: StaffRole }) =>
      withParts(readEnv(), (parts) => add(parts, email, flags)),
    );

  more(staff.command('change').description('another role, name or UTM sources; holds at once'))
    .argument(...address)
    .addOption(role())
    .action((email: string, flags: Flags) =>
      withParts(readEnv(), (parts) => change(parts, email, flags)),
    );

  staff
    .command('disable')
    .description('end their sessions and take every right, at once')
    .argument(...address)
    .option('-y, --yes', 'do not ask')
    .action((email: string, flags: Flags) =>
      withParts(readEnv(), (parts) => disable(parts, email, flags)),
    );

  staff
    .command('enable')
    .description('let them come in again')
    .argument(...address)
    .action((email: string, flags: Flags) =>
      withParts(readEnv(), async (parts) => {
        show(await enableStaff(parts, email), flags, 'may come in again');
      }),
    );

  staff
    .command('link')
    .description('print a new link that works once: an invitation, or for a new password')
    .argument(...address)
    .action((email: string, flags: Flags) =>
      withParts(readEnv(), async (parts) => {
        const link = await linkForStaff(parts, email);
        if (flags.json) answer({ email, link });
        else showLink(link);
      }),
    );

  staff
    .command('telegram-link')
    .description('print a link that ties their Telegram: a lead they take is theirs in AmoCRM too')
    .argument(...address)
    .action((email: string, flags: Flags) => {
      const env = readEnv();
      return withParts(env, (parts) => telegramLink(parts, env, email, flags));
    });

  staff
    .command('list')
    .description('everybody, with role and UTM sources')
    .action((flags: Flags) => withParts(readEnv(), (parts) => list(parts, flags)));
}

/** @throws FailedError in words for what was refused */
async function withParts(env: CliEnv, work: (parts: Parts) => Promise<void>): Promise<void> {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: key, CONSOLE_URL } = env;
  if (url === undefined || key === undefined) {
    throw new UsageError(
      'LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY are needed: the people are kept there.',
    );
  }
  const client = createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
  const directory = createStaffDirectory(client);
  const accounts = createStaffAccounts(client, CONSOLE_URL);
  const actor = actorHere();
  try {
    await withBus(env, (bus) => work({ directory, accounts, bus, actor }));
  } catch (error) {
    if (error instanceof StaffError) throw new FailedError(error.message, { cause: error });
    throw error;
  }
}

async function telegramLink(parts: Parts, env: CliEnv, email: string, flags: Flags) {
  const { bus, directory, actor } = parts;
  const member = await directory.find(email);
  if (!member?.active)
    throw new FailedError(`Nobody who works here has the address "${oneLine(email)}".`);
  const { staffId } = member;
  const what = { actor, action: 'staff.telegram_link_made', subject: staffId };
  const { code, validUntil } = await audited(bus, what, () =>
    createTelegramCodes(bus).make({ kind: 'staff', staffId }),
  );
  const username = await usernameOf(env, 'leads');
  const link = username === undefined ? undefined : `https://t.me/${username}?start=${code}`;
  if (flags.json) return answer({ staffId, link: link ?? null, code, validUntil });
  say(paint('green', link ?? `Send to the leads bot: /start ${code}`), '');
  say(`Works once, until ${clock(validUntil)} (Almaty). Send it to them alone.`);
}

async function add(parts: Parts, email: string, flags: Flags & { role: StaffRole }): Promise<void> {
  const { role, name, utmSource: utmSources } = flags;
  const { member, link = '' } = await addStaff(parts, { email, role, name, utmSources });
  if (flags.json) return answer({ ...member, link });
  say(`${member.email} is here as ${member.role}.`, '');
  showLink(link);
}

async function change(parts: Parts, email: string, flags: Flags): Promise<void> {
  const { role, name, utmSource: utmSources } = flags;
  if (role === undefined && name === undefined && utmSources === undefined) {
    throw new UsageError('Nothing to change: give --role, --name or --utm-source.');
  }
  const wanted = {
    ...(role !== undefined && { role }),
    ...(name !== undefined && { name }),
    ...(utmSources !== undefined && { utmSources }),
  };
  show(await changeStaff(parts, email, wanted), flags, 'has changed');
}

async function disable(parts: Parts, email: string, flags: Flags): Promise<void> {
  const question = `${oneLine(email)} will be signed out everywhere and see nothing any more. Go on?`;
  if (!(await confirm(question, flags.yes === true))) return say('Nothing was changed.');
  show(await disableStaff(parts, email), flags, 'is disabled');
}

async function list({ directory }: Parts, flags: Flags): Promise<void> {
  const members = await directory.list();
  if (flags.json) return answer(members);
  if (members.length === 0) {
    return say('Nobody works here yet: "leadwire staff add <mail> --role owner".');
  }
  const rows = members.map(({ email, name, role, utmSources, active }) => [
    oneLine(email),
    role,
    active ? 'active' : 'disabled',
    utmSources.map(oneLine).join(', '),
    oneLine(name),
  ]);
  say(...columns(['MAIL', 'ROLE', 'STATE', 'UTM SOURCES', 'NAME'], rows));
}

function show(member: StaffMember, flags: Flags, what: string): void {
  if (flags.json) return answer(member);
  const tags = member.utmSources.length > 0 ? `, ${member.utmSources.join(', ')}` : '';
  say(`${member.email} ${what} (${member.role}${tags}).`);
}

function showLink(link: string): void {
  say(paint('green', link), '', 'Works once, after a click on the page. Send it to them alone.');
}
