import { describe, expect, test } from 'vitest';
import { sandboxTokens } from '@leadwire/sandbox/telegram/lifecycle/settings';
import { makeEvent } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import { subjects } from '@leadwire/shared/contract/topology';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const rig = useRig();
const { telegram, shownIn } = rig;
const startRelay = () => rig.startRelay({ TELEGRAM_MENTOR_BOT_TOKEN: sandboxTokens.mentor });

const soon = { timeoutMs: 30_000 };
const answers = async (chatId: string, count: number) => {
  await waitFor(async () => (await shownIn(chatId)).length >= count, soon);
  return shownIn(chatId);
};

const someStudent = async (name = 'Дамир <3') => {
  const studentId = `st-${newId().slice(-8)}`;
  const receivedAt = new Date().toISOString();
  const data = { studentId, name, email: null, phone: null, course: null, receivedAt };
  const event = makeEvent('student.created.v1', { source: 'test', subject: studentId, data });
  await rig.bus().publish(subjects.studentCreated(studentId), event);
  return studentId;
};
const completes = async (studentId: string, lesson: number) => {
  const data = { studentId, lesson, at: new Date().toISOString() };
  const event = makeEvent('lesson.completed.v1', { source: 'test', subject: studentId, data });
  await rig.bus().publish(subjects.lessonCompleted(studentId, lesson), event);
};
const handled = () =>
  waitFor(async () => {
    const manager = await rig.bus().manager();
    const info = await manager.consumers.info('STUDENTS', 'telegram-students');
    return info.num_pending === 0 && info.num_ack_pending === 0;
  }, soon);

const somePerson = async () => {
  const { id } = await telegram().addPerson({ firstName: 'Дамир' });
  return { person: id, chatId: String(id) };
};
const codeFor = async (studentId: string) =>
  (await createTelegramCodes(rig.bus()).make({ kind: 'student', studentId })).code;
const write = (person: number, text: string) => telegram().sayPrivately('mentor', person, text);

/** A student whose chat is linked. */
const linked = async () => {
  const studentId = await someStudent();
  const { person, chatId } = await somePerson();
  await write(person, `/start ${await codeFor(studentId)}`);
  await answers(chatId, 1);
  return { studentId, person, chatId };
};

describe('a student', () => {
  test('who linked their chat hears of each lesson once, also when it is told again', async () => {
    await startRelay();
    const { studentId, chatId } = await linked();
    expect((await shownIn(chatId))[0]).toContain('Здравствуйте, Дамир <3!');
    await completes(studentId, 1);
    await completes(studentId, 1);
    await answers(chatId, 2);
    // Lessons of one moment may be told in any order; these are not of one moment.
    await completes(studentId, 2);
    const all = await answers(chatId, 3);
    await handled();
    expect(all[1]).toContain('Урок 1 пройден');
    expect(all[2]).toContain('Урок 2 пройден');
    expect(await shownIn(chatId)).toHaveLength(3);
  });

  test('who did not is passed over, and is told nothing of the past after linking', async () => {
    await startRelay();
    const studentId = await someStudent();
    await completes(studentId, 1);
    await handled();
    const { person, chatId } = await somePerson();
    await write(person, `/start ${await codeFor(studentId)}`);
    const [hello] = await answers(chatId, 1);
    expect(hello).toContain('Пройдено уроков: 1');
    await completes(studentId, 2);
    expect((await answers(chatId, 2))[1]).toContain('Урок 2');
  });

  test('asks how far they are, and is left alone when they want it', async () => {
    await startRelay();
    const { studentId, person, chatId } = await linked();
    await write(person, '/status');
    expect((await answers(chatId, 2))[1]).toContain('Пройдено уроков: 0');
    await write(person, '/stop');
    await answers(chatId, 3);
    await completes(studentId, 1);
    await handled();
    expect(await shownIn(chatId)).toHaveLength(3);
  });

  test('who blocks the bot gets nothing, and hears again of new lessons after unblocking it', async () => {
    await startRelay();
    const { studentId, person, chatId } = await linked();
    await telegram().block('mentor', person);
    await completes(studentId, 1);
    await handled();
    await telegram().unblock('mentor', person);
    await write(person, '/status');
    await answers(chatId, 2);
    await completes(studentId, 2);
    expect((await answers(chatId, 3)).join()).not.toContain('Урок 1');
  });

  test('whose message got no answer from Telegram is not written to twice', async () => {
    await startRelay();
    const { studentId, chatId } = await linked();
    await rig.control().addFault({
      provider: 'telegram',
      path: '*/sendMessage',
      count: 1,
      action: { do: 'effect-then-drop' },
    });
    await completes(studentId, 1);
    await answers(chatId, 2);
    await handled();
    await completes(studentId, 2);
    expect(await answers(chatId, 3)).toHaveLength(3);
  });
});

describe('a link', () => {
  test('works once; a wrong one and none are answered politely', async () => {
    await startRelay();
    const code = await codeFor(await someStudent());
    const [one, other] = [await somePerson(), await somePerson()];
    await write(one.person, `/start ${code}`);
    await answers(one.chatId, 1);
    await write(other.person, `/start ${code}`);
    expect((await answers(other.chatId, 1))[0]).toContain('уже не действует');
    await write(other.person, '/start');
    expect((await answers(other.chatId, 2))[1]).toContain('личную ссылку');
    await write(other.person, '/status');
    expect((await answers(other.chatId, 3))[2]).toContain('не знаю, кто вы');
  });
});
