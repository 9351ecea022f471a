import { expect, test } from 'vitest';
import { waitFor } from '@leadwire/testing/wait-for';
import { timesShown, useRig } from './rig.ts';

const rig = useRig();

test('killed in the middle of a fan-out: only the one message in flight is shown again', async () => {
  const groups = await Promise.all(
    ['Один', 'Два', 'Три', 'Четыре', 'Пять'].map((title) => rig.activeGroup(title)),
  );
  const [, , third] = groups;
  const relay = await rig.startRelayProcess();
  // Shown, but the answer is still on its way when the process dies: nobody can ask Telegram for it.
  await rig.control().addFault({
    provider: 'telegram',
    path: '/bot*/sendMessage',
    bodyIncludes: third!.chatId,
    count: 1,
    action: { do: 'effect-then-late', delayMs: 60_000 },
  });
  const lead = await rig.publishLead();
  for (const group of groups) {
    const shown = async () => timesShown(await rig.shownIn(group.chatId), lead) > 0;
    await waitFor(shown, { what: `the lead in ${group.title}` });
  }
  for (const group of groups.filter((each) => each !== third)) {
    expect(await rig.settled(lead, group)).toBe('sent');
  }
  await relay.kill();
  await rig.startRelay();
  // The broker hands it out again after ack_wait, 30 seconds.
  expect(await rig.settled(lead, third!, 60_000)).toBe('sent');
  await rig.nothingIsLeft();
  const times = await Promise.all(
    groups.map(async ({ chatId }) => timesShown(await rig.shownIn(chatId), lead)),
  );
  expect(times).toEqual([1, 1, 2, 1, 1]);
}, 120_000);
