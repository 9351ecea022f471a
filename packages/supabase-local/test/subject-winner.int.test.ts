/** Two subjects on 2,000 people: the one that more people clicked on wins, whatever scanners did. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLanding } from './people.ts';
import type { TestProject } from '@leadwire/testing/database-process';

const id = (n: number) => `6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f${String(n).padStart(4, '0')}`;
const [REST, A, B] = [id(1), id(2), id(3)];
const PEOPLE = 2_000;
const EACH = 400;

let landing: TestProject;

beforeAll(async () => {
  landing = await startLanding();
}, 180_000);
afterAll(async () => {
  await landing?.close();
});

/** So many of a part's people did it, by the order of their addresses. */
const didIt = (part: string, columns: string, people: number) =>
  landing.sql(
    `update campaign_recipients set ${columns} where id in (
       select r.id from campaign_recipients r where r.campaign_id = $1 order by r.contact limit $2)`,
    [part, people],
  );

test('the better subject is found, and nobody is in two parts', async () => {
  await landing.sql(
    `insert into campaigns (id, name, channel, template, audience_ready)
     select unnest(array['${REST}', '${A}', '${B}']::uuid[]), 'Эфир', 'email', 'stream-moved', true`,
  );
  await landing.sql(
    `insert into campaign_recipients (campaign_id, line, contact)
     select '${REST}', n, 'person' || n || '@leadwire-sample.kz' from generate_series(1, ${PEOPLE}) as n`,
  );
  const split = `select leadwire_subject_test_split('${REST}', '${A}', '${B}', array['Первая', 'Вторая'], null, ${EACH}, $1, 4) as answer`;
  const refused = await landing.sql<{ answer: object }>(split, [PEOPLE - 1]);
  expect(refused[0]?.answer).toEqual({ kind: 'count_differs', audience: PEOPLE });
  await landing.sql(split, [PEOPLE]);

  await landing.sql(
    `update campaign_recipients set status = 'sent' where campaign_id in ('${A}', '${B}')`,
  );
  // 11 % and 14 % of people; scanners opened every link of the first, and more people opened that one.
  await didIt(A, 'program_clicked_at = now()', EACH);
  await didIt(A, 'opened_at = now()', EACH / 2);
  await didIt(A, 'clicked_at = now()', 44);
  await didIt(B, 'opened_at = now(), clicked_at = now()', 56);
  const choose = () =>
    landing.sql<{ answer: object }>(`select leadwire_subject_test_choose('${REST}') as answer`);
  expect((await choose())[0]?.answer).toMatchObject({ winner: 'b' });
  // Chosen is chosen, also when clicks come afterwards.
  await didIt(A, 'clicked_at = now()', EACH);
  expect((await choose())[0]?.answer).toMatchObject({ winner: 'b' });

  const parts = await landing.sql(
    `select c.subject, count(*)::integer as people, count(distinct r.contact)::integer as contacts
     from campaign_recipients r join campaigns c on c.id = r.campaign_id group by c.id, c.subject order by count(*), c.subject`,
  );
  expect(parts).toEqual([
    { subject: 'Вторая', people: EACH, contacts: EACH },
    { subject: 'Первая', people: EACH, contacts: EACH },
    { subject: 'Вторая', people: PEOPLE - 2 * EACH, contacts: PEOPLE - 2 * EACH },
  ]);
  const [everybody] = await landing.sql(
    'select count(distinct contact)::integer as people from campaign_recipients',
  );
  expect(everybody).toEqual({ people: PEOPLE });
});
