import { expect, test } from 'vitest';
import { nodeOptions } from '@leadwire/testing/preload';
import { waitFor } from '@leadwire/testing/wait-for';
import { LEASE_MS } from '../src/leads/notice.ts';
import { timesShown, useRig } from './rig.ts';

const rig = useRig();
/** The broker hands out what a killed process held after two seconds, not after thirty. */
const impatient = { NODE_OPTIONS: nodeOptions(['impatient.ts']) };
/** The same, of which the clock says that the claims of the killed one are over. */
const later = {
  NODE_OPTIONS: nodeOptions(['impatient.ts', 'clock-ahead.ts']),
  CHAOS_CLOCK_AHEAD_MS: String(LEASE_MS),
};

test('killed in the middle of a fan-out: only the one message in flight is shown again', async () => {
  const groups = await Promise.all(
    ['Один', 'Два', 'Три', 'Четыре', 'Пять'].map((title) => rig.activeGroup(title)),
  );
  const [, , third] = groups;
  const relay = await rig.startRelayProcess(impatient);
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
  await rig.startRelayProcess(later);
  expect(await rig.settled(lead, third!, 60_000)).toBe('sent');
  await rig.nothingIsLeft();
  const times = await Promise.all(
    groups.map(async ({ chatId }) => timesShown(await rig.shownIn(chatId), lead)),
  );
  expect(times).toEqual([1, 1, 2, 1, 1]);
}, 120_000);
