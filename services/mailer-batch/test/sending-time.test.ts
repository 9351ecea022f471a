import { expect, test } from 'vitest';
import { secondsFor } from '../src/campaigns/sending-time.ts';

const pace = { callsPerSecond: { email: 5, sms: 2 }, smsPerHour: 200, smsPerDay: 1_000 };
const mail = { channel: 'email' as const, ratePerSecond: null };
const sms = { channel: 'sms' as const, ratePerSecond: null };

test.each([
  ['3,000 mails at the pace of the account', 3_000, mail, 100, 6],
  ['3,000 mails at a pace of their own', 3_000, { ...mail, ratePerSecond: 1 }, 100, 30],
  ['as many SMS as the budget has for an hour', 200, sms, 200, 2],
  ['one more waits for the next hour', 201, sms, 200, 3_600],
  ['more than a day may have', 2_001, sms, 200, 2 * 24 * 3_600],
  ['nobody', 0, mail, 100, 0],
])('%s', (_, people, campaign, batchSize, seconds) => {
  expect(secondsFor(people, campaign, { batchSize, pace })).toBe(seconds);
});
