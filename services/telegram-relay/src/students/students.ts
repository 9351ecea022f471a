/**
 * Students who linked their chat with the mentor bot: which chat is whose, and what each was told. A
 * message is noted before it is sent, because Telegram cannot be asked whether it was: a crash or a lost
 * answer may cost a student one message, and never sends one twice.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { changeKey, readKey, type Key } from '@leadwire/shared/coordination/kv';
import { orOutage } from '@leadwire/shared/errors';
import { studentSchema } from '@leadwire/shared/contract/student-facts';
import { z } from 'zod';

const CONTEST = { tries: 20, busy: 'too many change the same student’s chat' };
const UNREADABLE = 'the students’ chats cannot be read';

const linkSchema = z.object({
  studentId: studentSchema.shape.studentId,
  chatId: z.string(),
  linkedAt: z.iso.datetime(),
  /** The student has blocked the bot. */
  isBlocked: z.boolean().optional(),
  /** What was told: `created`, `lesson_3`. */
  told: z.array(z.string()),
});
export type StudentLink = z.infer<typeof linkSchema>;

/** All methods throw TransientError when the broker fails. */
export interface StudentLinks {
  byStudent(studentId: string): Promise<StudentLink | undefined>;
  byChat(chatId: string): Promise<StudentLink | undefined>;
  /** The chat is this student's from now on; what happened before is not told. */
  link(studentId: string, chatId: string): Promise<void>;
  unlink(chatId: string): Promise<boolean>;
  setBlocked(chatId: string, isBlocked: boolean): Promise<void>;
  /** Notes that something is told; false when it was noted before, or there is nobody to tell. */
  note(studentId: string, what: string): Promise<boolean>;
  /** It certainly was not told after all. */
  forget(studentId: string, what: string): Promise<void>;
}

export function createStudentLinks(
  bus: Pick<Bus, 'bucket'>,
  now: () => Date = () => new Date(),
): StudentLinks {
  const bucket = () => bus.bucket('telegram_students');
  const studentKey = (studentId: string) => `student.${studentId}`;
  const chatKey = (chatId: string) => `chat.${chatId}`;

  const at = (studentId: string): Key<StudentLink> => ({
    bucket: 'telegram_students',
    key: studentKey(studentId),
    schema: linkSchema,
  });
  const read = (studentId: string) => readKey(bus, at(studentId));

  /** True when `toNext` changed the link; it returns undefined to leave it. */
  const edit = (
    studentId: string,
    toNext: (link: StudentLink) => StudentLink | undefined,
  ): Promise<boolean> =>
    orOutage(UNREADABLE, async () => {
      const next = (link: StudentLink | undefined) => link && toNext(link);
      return (await changeKey(bus, at(studentId), next, CONTEST)).written !== undefined;
    });

  const byChat = (chatId: string): Promise<StudentLink | undefined> =>
    orOutage(UNREADABLE, async () => {
      const found = await (await bucket()).get(chatKey(chatId));
      if (found?.operation !== 'PUT') return undefined;
      const link = await read(found.string());
      // The student has moved on to another chat.
      return link?.chatId === chatId ? link : undefined;
    });

  return {
    byStudent: (studentId) => orOutage(UNREADABLE, () => read(studentId)),
    byChat,

    link: (studentId, chatId) =>
      orOutage(UNREADABLE, async () => {
        // One chat, one student: what the chat heard of another one it hears no more.
        const former = await byChat(chatId);
        if (former && former.studentId !== studentId) {
          await (await bucket()).delete(studentKey(former.studentId));
        }
        const before = await read(studentId);
        const told = before?.told ?? [];
        const link: StudentLink = { studentId, chatId, linkedAt: now().toISOString(), told };
        await (await bucket()).put(studentKey(studentId), JSON.stringify(link));
        await (await bucket()).put(chatKey(chatId), studentId);
      }),

    unlink: (chatId) =>
      orOutage(UNREADABLE, async () => {
        const link = await byChat(chatId);
        if (!link) return false;
        await (await bucket()).delete(studentKey(link.studentId));
        await (await bucket()).delete(chatKey(chatId));
        return true;
      }),

    async setBlocked(chatId, isBlocked) {
      const link = await byChat(chatId);
      if (link) await edit(link.studentId, (each) => ({ ...each, isBlocked }));
    },

    note: (studentId, what) =>
      edit(studentId, (link) =>
        link.isBlocked === true || link.told.includes(what)
          ? undefined
          : { ...link, told: [...link.told, what] },
      ),

    async forget(studentId, what) {
      await edit(studentId, (link) => ({
        ...link,
        told: link.told.filter((each) => each !== what),
      }));
    },
  };
}
