/** The mentor bot: students link their chat with a code, and hear of their lessons. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { AmbiguousError } from '@leadwire/shared/errors';
import type { EventOf } from '@leadwire/shared/contract/events';
import { studentSchema } from '@leadwire/shared/contract/student-facts';
import type { Log } from '@leadwire/shared/runtime/log';
import { ChatError } from '@leadwire/shared/providers/telegram/bot-api';
import type { TelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import { subjects } from '@leadwire/shared/contract/topology';
import { escapeHtml } from '@leadwire/shared/runtime/html';
import type { OnTold, Reply } from '../groups/group-commands.ts';
import type { BotSender } from '../bot/pace.ts';
import type { StudentLinks } from './students.ts';
import type { Command } from '../bot/update.ts';

export const MENTOR_MENU = [
  ['status', 'мои уроки'],
  ['stop', 'больше не писать мне'],
] as const;

const HELLO =
  'Здравствуйте! Я пишу об успехах на курсе. Откройте, пожалуйста, личную ссылку от куратора: по ней я узнаю вас.';
const BAD_CODE =
  'Эта ссылка уже не действует: каждая открывается один раз, в течение семи дней. Попросите, пожалуйста, у куратора новую.';
const BYE = 'Хорошо, больше не пишу. Вернуться можно по новой ссылке от куратора.';
const NOT_LINKED = 'Я пока не знаю, кто вы. Откройте, пожалуйста, личную ссылку от куратора.';

/** What the platform has told of a student. Both throw TransientError when the broker fails. */
export interface StudentFacts {
  name(studentId: string): Promise<string | undefined>;
  lessons(studentId: string): Promise<number>;
}

/** The stream STUDENTS is where students are kept. */
export function createStudentFacts(bus: Pick<Bus, 'lastUnder' | 'manager'>): StudentFacts {
  return {
    async name(studentId) {
      const found = await bus.lastUnder('STUDENTS', subjects.studentCreated(studentId));
      const data = (found?.event as { data?: unknown } | undefined)?.data;
      return studentSchema.safeParse(data).data?.name;
    },
    async lessons(studentId) {
      const filter = { subjects_filter: subjects.lessonCompleted(studentId, '*') };
      const { state } = await (await bus.manager()).streams.info('STUDENTS', filter);
      return Object.keys(state.subjects ?? {}).length;
    },
  };
}

interface MentorPorts {
  links: StudentLinks;
  facts: StudentFacts;
  codes: Pick<TelegramCodes, 'use'>;
  log: Log;
}

/** What students write to the bot. Groups get no answer: it speaks with one person at a time. */
export function createMentorCommands({ links, facts, codes, log }: MentorPorts): OnTold {
  const link = async (chatId: string, code: string, cause: string): Promise<string> => {
    const used = await codes.use(code, cause, ({ kind }) => kind === 'student');
    if (used.kind !== 'taken' || used.purpose.kind !== 'student') {
      log.warn({ bot: 'mentor', why: used.kind }, 'a student’s code was not taken');
      return BAD_CODE;
    }
    const { studentId } = used.purpose;
    await links.link(studentId, chatId);
    log.info({ studentId }, 'a student linked their chat');
    const name = await facts.name(studentId);
    const hello = name === undefined ? 'Здравствуйте!' : `Здравствуйте, ${escapeHtml(name)}!`;
    return `${hello} Теперь я буду писать вам о пройденных уроках.\n${await progress(studentId)}`;
  };

  const progress = async (studentId: string): Promise<string> =>
    `Пройдено уроков: ${await facts.lessons(studentId)}. Не писать больше: /stop`;

  const onCommand = async ({ chat, name, words }: Command, cause: string): Promise<Reply> => {
    const [code] = words;
    const known = await links.byChat(chat.id);
    if (name === 'start' && code !== undefined) return link(chat.id, code, cause);
    if (name === 'stop') return (await links.unlink(chat.id)) ? BYE : NOT_LINKED;
    if (name === 'start' && !known) return HELLO;
    return known ? progress(known.studentId) : NOT_LINKED;
  };

  return async (told, cause) => {
    if (!('chat' in told) || told.chat.type !== 'private') return undefined;
    if (told.kind === 'command') return onCommand(told, cause);
    if (told.kind === 'membership') await links.setBlocked(told.chat.id, told.now === 'out');
    return undefined;
  };
}

type StudentEvent = EventOf<'student.created.v1'> | EventOf<'lesson.completed.v1'>;

/** What a student is told of an event: one token for it, and the words. */
function newsOf(event: StudentEvent): { what: string; at: string; html: string } {
  if (event.type === 'lesson.completed.v1') {
    const { lesson, at } = event.data;
    const html = `Урок ${lesson} пройден, поздравляю! Так держать.`;
    return { what: `lesson_${lesson}`, at, html };
  }
  const { course, receivedAt } = event.data;
  const where = course === null ? 'на курс' : `на курс «${escapeHtml(course)}»`;
  return { what: 'created', at: receivedAt, html: `Вы записаны ${where}. Хорошей учёбы!` };
}

/** Handles `students.*`: tells the student, if they linked their chat before it happened. */
export function createTellStudent(ports: {
  links: StudentLinks;
  /** Without the bot nobody is told, and nothing waits. */
  sender: Pick<BotSender, 'turn' | 'say'> | undefined;
  log: Log;
}): (event: StudentEvent) => Promise<void> {
  const { links, sender, log } = ports;

  return async (event) => {
    const { studentId } = event.data;
    const { what, at, html } = newsOf(event);
    const link = sender && (await links.byStudent(studentId));
    if (!link || link.isBlocked === true || at < link.linkedAt) return;
    if (link.told.includes(what)) return;
    await sender.turn(link.chatId);
    if (!(await links.note(studentId, what))) return;
    try {
      await sender.say({ chatId: link.chatId, html });
      log.info({ studentId, what }, 'a student was told');
    } catch (thrown) {
      if (thrown instanceof ChatError) return links.setBlocked(link.chatId, true);
      if (thrown instanceof AmbiguousError) {
        log.warn({ studentId, what, err: thrown }, 'it is not known whether a student was told');
        return;
      }
      await links.forget(studentId, what);
      throw thrown;
    }
  };
}
