import { expect, test } from 'vitest';
import { readHook } from '../src/webhooks/amocrm-hook.ts';

const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

test('several deals and kinds of change in one call are told apart', () => {
  const hook = form({
    'leads[status][0][id]': '11',
    'leads[status][0][status_id]': '5',
    'leads[status][0][name]': 'Профтест & Co',
    'leads[status][1][status_id]': '6',
    'leads[status][1][id]': '12',
    'leads[delete][0][id]': '13',
    'leads[restore][0][id]': '14',
    'leads[update][0][id]': '15',
    'leads[update][0][status_id]': '7',
    'leads[note][0][id]': '16',
    'leads[responsible][0][id]': '17',
    'leads[responsible][0][responsible_user_id]': '9',
    'account[id]': '1',
  });
  expect(readHook(hook)).toEqual([
    { dealId: 11, change: 'moved', stageId: 5 },
    { dealId: 12, change: 'moved', stageId: 6 },
    { dealId: 13, change: 'deleted' },
    { dealId: 14, change: 'restored' },
    { dealId: 15, change: 'moved', stageId: 7 },
    { dealId: 17, change: 'moved', responsibleId: 9 },
  ]);
});

test('of one call 250 hints count', () => {
  const many = Array.from({ length: 300 }, (_, n) => `leads[status][${n}][id]=${n + 1}`);
  expect(readHook(many.join('&'))).toHaveLength(250);
});

test('numbers that are none are passed over', () => {
  for (const id of ['', '0', '-1', '1.5', '1e3', '99999999999999999999', ' 7']) {
    expect(readHook(form({ 'leads[status][0][id]': id }))).toEqual([]);
  }
});
