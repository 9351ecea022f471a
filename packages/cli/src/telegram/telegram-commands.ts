/** `leadwire telegram …`: codes by which groups and students connect themselves, and which groups there are. */
import { Option, type Command } from 'commander';
import type { Bus } from '@leadwire/shared/broker/bus';
import { studentSchema } from '@leadwire/shared/contract/student-facts';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import {
  createGroupReader,
  groupBots,
  type GroupBot,
} from '@leadwire/shared/delivery/telegram-groups';
import { subjects } from '@leadwire/shared/contract/topology';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { UsageError } from '../failure.ts';
import { usernameOf } from '../doctor/telegram-bots.ts';
import { almatyClock, columns, fromNow, oneLine, paint, say } from '../terminal.ts';

const KINDS = { proftest: 'test', purchase: 'course', request: 'request' } as const;

export function addTelegramCommands(program: Command, readEnv: () => CliEnv): void {
  const telegram = program.command('telegram').description('groups and students in Telegram');

  telegram
    .command('code')
    .description('make a one-time code with which a group activates itself')
    .addOption(
      new Option('--bot <bot>', 'leads: notices of leads; admin: alerts')
        .choices(groupBots)
        .default('leads'),
    )
    .action(async ({ bot, json = false }: { bot: GroupBot; json?: boolean }) => {
      const env = readEnv();
      await withBus(env, (bus) => makeGroupCode(bus, env, bot, json));
    });

  telegram
    .command('student-code')
    .description('make a one-time link with which a student hears of their lessons')
    .argument('<studentId>', 'the learning platform’s id of the student')
    .action(async (studentId: string, { json = false }: { json?: boolean }) => {
      requireStudentId(studentId);
      const env = readEnv();
      await withBus(env, (bus) => makeStudentCode(bus, env, studentId, json));
    });

  telegram
    .command('groups')
    .description('every group, whether it can be reached, and which leads it gets')
    .action(({ json = false }: { json?: boolean }) =>
      withBus(readEnv(), (bus) => listGroups(bus, json)),
    );
}

/** @throws UsageError */
function requireStudentId(studentId: string): void {
  if (studentSchema.shape.studentId.safeParse(studentId).success) return;
  throw new UsageError(`"${studentId}" is no student's id: 1 to 64 letters, digits, - or _.`);
}

async function makeGroupCode(bus: Bus, env: CliEnv, bot: GroupBot, isJson: boolean): Promise<void> {
  const { code, validUntil } = await createTelegramCodes(bus).make({ kind: 'group', bot });
  const username = await usernameOf(env, bot);
  if (isJson) return answer({ code, bot, username, validUntil });
  const who = username === undefined ? `the ${bot} bot` : `@${username}`;
  const kinds = bot === 'leads' ? ' [test|course|request|all]' : '';
  say(
    paint('green', code),
    '',
    `1. Add ${who} to the group.`,
    `2. Send there: /activate ${code}${kinds}`,
    '',
    `Works once, until ${almatyClock(validUntil)}.`,
  );
}

async function makeStudentCode(
  bus: Bus,
  env: CliEnv,
  studentId: string,
  isJson: boolean,
): Promise<void> {
  const isKnown = await bus.lastUnder('STUDENTS', subjects.studentCreated(studentId));
  const { code, validUntil } = await createTelegramCodes(bus).make({ kind: 'student', studentId });
  const username = await usernameOf(env, 'mentor');
  if (isJson) {
    return answer({ code, studentId, isKnown: isKnown !== undefined, username, validUntil });
  }
  const way =
    username === undefined
      ? `Send to the mentor bot: /start ${code}`
      : `https://t.me/${username}?start=${code}`;
  say(
    paint('green', way),
    '',
    `Works once, until ${almatyClock(validUntil)}, for student ${studentId}.`,
  );
  if (!isKnown) {
    say(paint('yellow', 'The platform has not told of this student yet: is the id right?'));
  }
}

async function listGroups(bus: Bus, isJson: boolean): Promise<void> {
  const groups = (await createGroupReader(bus).all()).map(({ group }) => group);
  if (isJson) return answer(groups);
  if (groups.length === 0) {
    return say('There are no groups yet: "leadwire telegram code" makes a code for one.');
  }
  const rows = groups.map(({ bot, title, chatId, state, stateReason, leadKinds, changedAt }) => [
    bot,
    stateReason === undefined ? state : `${state} (${stateReason})`,
    bot === 'admin' ? 'alerts' : leadKinds.map((kind) => KINDS[kind]).join(', ') || 'all',
    chatId,
    fromNow(changedAt),
    oneLine(title),
  ]);
  say(...columns(['BOT', 'STATE', 'GETS', 'CHAT', 'CHANGED', 'TITLE'], rows));
}
