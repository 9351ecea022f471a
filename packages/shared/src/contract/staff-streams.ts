/** The part of the map that is about the people who work here: who they are, and how far that has come. */

const DAY = 24 * 60 * 60_000;

/** The Supabase projects that know the people who work here, the first of them the original. */
export const staffProjects = ['landing', 'tripwire', 'traffic', 'main'] as const;
export type StaffProjectName = (typeof staffProjects)[number];

export const staffStream = {
  subjects: ['staff.changed.*'],
  retention: 'limits',
  maxAgeMs: 3_650 * DAY,
  what: 'people who work here, as they are from then on: staff.changed.<staffId>',
} as const;

export const staffSyncBucket = {
  ttlMs: 0,
  what: 'person in a project -> whether it has them as they are; project -> how it stands',
} as const;

export const staffTelegramBucket = {
  ttlMs: 0,
  what: 'user.<Telegram number> -> who that is here, staff.<staffId> -> back, bot -> the name of the leads bot',
} as const;

const carries = (what: string) =>
  ({
    stream: 'STAFF',
    filters: ['staff.changed.*'],
    concurrency: 1,
    attempts: 10,
    // What was said last holds.
    inOrder: true,
    what,
  }) as const;

/** One for each project: one that is away keeps nothing from the others. */
export const identityConsumers = {
  'identity-landing': carries('makes the logins of the people who work here'),
  'identity-tripwire': carries('carries them to the tripwire project'),
  'identity-traffic': carries('carries them to the traffic project'),
  'identity-main': carries('carries them to the main project'),
} as const;
