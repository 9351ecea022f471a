/** Out of the campaigns and back in: in whatever order and how often facts arrive, the newest choice holds. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startLanding } from './people.ts';
import type { TestProject } from '@leadwire/testing/database-process';

const CAMPAIGN = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001';
const PERSON = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0002';
const CONTACT = 'aida@leadwire-sample.kz';

let landing: TestProject;

beforeAll(async () => {
  landing = await startLanding();
  await landing.sql(
    `insert into campaigns (id, name, channel) values ('${CAMPAIGN}', 'Эфир', 'email')`,
  );
  await landing.sql(
    `insert into campaign_recipients (id, campaign_id, contact) values ('${PERSON}', '${CAMPAIGN}', '${CONTACT}')`,
  );
}, 300_000);
afterAll(async () => {
  await landing?.close();
});
beforeEach(async () => {
  await landing.sql('delete from suppressions');
  await landing.sql('delete from contact_choices');
});

const at = (minute: number) => `2026-11-29T10:${String(minute).padStart(2, '0')}:00Z`;
const store = (name: string, row: object) =>
  landing.sql(`select ${name}($1::jsonb)`, [JSON.stringify([row])]);

/** What may happen, by its minute. */
const steps = {
  out: (minute: number) =>
    store('leadwire_store_suppressions', {
      recipientId: PERSON,
      reason: 'unsubscribed',
      source: 'link',
      at: at(minute),
    }),
  back: (minute: number) =>
    store('leadwire_store_restorations', { recipientId: PERSON, source: 'link', at: at(minute) }),
  complained: (minute: number) =>
    store('leadwire_store_suppressions', {
      channel: 'email',
      contact: CONTACT,
      reason: 'complained',
      source: 'resend',
      at: at(minute),
    }),
  bounced: (minute: number) =>
    store('leadwire_store_suppressions', {
      channel: 'email',
      contact: CONTACT,
      reason: 'bounced',
      source: 'resend',
      at: at(minute),
    }),
  blocked: () =>
    landing.sql(
      `select leadwire_campaign_suppress('[{"channel": "email", "contact": "${CONTACT}"}]', 'api')`,
    ),
  lifted: () =>
    landing.sql(
      `select leadwire_campaign_unsuppress('[{"channel": "email", "contact": "${CONTACT}"}]')`,
    ),
};
type Step = readonly [keyof typeof steps, number];

const cases: [string, readonly Step[], string[]][] = [
  ['out', [['out', 1]], ['unsubscribed']],
  [
    'out twice',
    [
      ['out', 1],
      ['out', 2],
    ],
    ['unsubscribed'],
  ],
  [
    'out, then back',
    [
      ['out', 1],
      ['back', 2],
    ],
    [],
  ],
  [
    'back, told before the older way out',
    [
      ['back', 2],
      ['out', 1],
    ],
    [],
  ],
  [
    'back twice',
    [
      ['out', 1],
      ['back', 2],
      ['back', 3],
    ],
    [],
  ],
  [
    'an old way out, replayed',
    [
      ['out', 1],
      ['back', 2],
      ['out', 1],
    ],
    [],
  ],
  [
    'everything replayed',
    [
      ['out', 1],
      ['back', 2],
      ['out', 3],
      ['out', 1],
      ['back', 2],
    ],
    ['unsubscribed'],
  ],
  [
    'out again',
    [
      ['out', 1],
      ['back', 2],
      ['out', 3],
    ],
    ['unsubscribed'],
  ],
  [
    'the last way out told before the way back',
    [
      ['out', 1],
      ['out', 3],
      ['back', 2],
    ],
    ['unsubscribed'],
  ],
  [
    'both at one moment',
    [
      ['out', 1],
      ['back', 1],
    ],
    ['unsubscribed'],
  ],
  [
    'a complaint is not undone',
    [
      ['complained', 1],
      ['back', 2],
    ],
    ['complained'],
  ],
  [
    'nor one after the way out',
    [
      ['out', 1],
      ['complained', 2],
      ['back', 3],
    ],
    ['complained'],
  ],
  [
    'nor a bounce',
    [
      ['out', 2],
      ['back', 3],
      ['bounced', 1],
    ],
    ['bounced'],
  ],
  [
    'nor what somebody blocked by hand',
    [
      ['out', 1],
      ['blocked', 0],
      ['back', 2],
    ],
    ['manual'],
  ],
  [
    'lifted by hand, the old way out replayed',
    [
      ['out', 1],
      ['lifted', 0],
      ['out', 1],
    ],
    [],
  ],
];

test.each(cases)('%s', async (_what, told, expected) => {
  for (const [step, minute] of told) await steps[step](minute);
  const rows = await landing.sql<{ reason: string }>('select reason from suppressions');
  expect(rows.map(({ reason }) => reason)).toEqual(expected);
});

test('a way back of nobody is refused, by its row', async () => {
  const nobody = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0009';
  await expect(
    store('leadwire_store_restorations', { recipientId: nobody, source: 'link', at: at(1) }),
  ).rejects.toThrow('row 0: there is no such recipient');
});
