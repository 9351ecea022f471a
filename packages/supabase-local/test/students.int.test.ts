/** The tripwire project as an audit found it, brought up to date: who sees which student, asked with real logins. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SupabaseClient } from '@supabase/supabase-js';
import { TRIPWIRE_MIGRATIONS } from '../src/migrations.ts';
import type { TestProject } from '@leadwire/testing/database-process';
import { AUDITED_TRIPWIRE, MANAGERS } from './audited-tables.ts';
import { clientWith, PASSWORD, SERVICE_KEY, signInAs, startLanding } from './people.ts';

const STUDENT = '6f0b8a52-6f0e-4a0e-9d51-000000000001';
const PEOPLE = {
  aida: { id: MANAGERS.aida, role: 'sales' },
  bolat: { id: MANAGERS.bolat, role: 'sales' },
  owner: { id: crypto.randomUUID(), role: 'owner' },
  /** Has let somebody in, and may not see them all the same. */
  targetologist: { id: crypto.randomUUID(), role: 'targetologist' },
  viewer: { id: crypto.randomUUID(), role: 'viewer' },
  /** A student, who does not work here. */
  student1: { id: STUDENT, role: undefined },
};
type Person = keyof typeof PEOPLE;
const people = Object.keys(PEOPLE) as Person[];
const addressOf = (person: Person) => `${person}@leadwire-sample.kz`;

let folder: string;
let project: TestProject;
let service: SupabaseClient;
const as = {} as Record<Person, SupabaseClient>;

const staffRow = (person: Person, change: object = {}) => {
  const { id: staffId, role } = PEOPLE[person];
  return { staffId, email: addressOf(person), role, at: '2026-01-05T10:00:00.000Z', ...change };
};
const putStaff = (...rows: object[]) => service.rpc('leadwire_put_staff', { rows }).throwOnError();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadwire-audited-'));
  await cp(TRIPWIRE_MIGRATIONS, folder, { recursive: true });
  await writeFile(join(folder, '20200101000000_audited.sql'), AUDITED_TRIPWIRE);
  project = await startLanding({ migrationsDir: folder });
  service = clientWith(project, SERVICE_KEY);
  for (const person of people) {
    const account = { id: PEOPLE[person].id, email: addressOf(person), password: PASSWORD };
    const { error } = await service.auth.admin.createUser({ ...account, email_confirm: true });
    if (error) throw error;
    if (PEOPLE[person].role) await putStaff(staffRow(person));
  }
  for (const person of people) as[person] = await signInAs(project, addressOf(person));
}, 120_000);
afterAll(async () => {
  await project.close();
  await rm(folder, { recursive: true });
});

const students = (client: SupabaseClient) => client.from('tripwire_users');
async function countFor(person: Person): Promise<number> {
  return (await students(as[person]).select('id').throwOnError()).data.length;
}

describe('students', () => {
  test('are seen by the manager who let them in, by an owner, by themselves, and by nobody else', async () => {
    const seen = await Promise.all(people.map(async (person) => [person, await countFor(person)]));
    expect(Object.fromEntries(seen)).toEqual({
      aida: 40,
      bolat: 30,
      owner: 92,
      targetologist: 0,
      viewer: 0,
      student1: 1,
    });
    expect((await students(clientWith(project)).select('id')).error?.code).toBe('42501');
  });

  test('are changed by their manager and by no other, and handed to nobody', async () => {
    const change = (person: Person, change: object) =>
      students(as[person]).update(change).eq('email', 'student2@leadwire-sample.kz').select('id');
    expect((await change('aida', { full_name: 'Айжан' })).data).toHaveLength(1);
    for (const person of ['bolat', 'targetologist', 'viewer', 'student1'] as const) {
      expect([person, (await change(person, { full_name: 'x' })).data]).toEqual([person, []]);
    }
    expect((await change('aida', { granted_by: MANAGERS.bolat })).error?.code).toBe('42501');
    expect((await change('owner', { granted_by: MANAGERS.bolat })).data).toHaveLength(1);
    expect([await countFor('aida'), await countFor('bolat')]).toEqual([39, 31]);
    await change('owner', { granted_by: MANAGERS.aida });
  });

  test('are added by a manager under their own name alone', async () => {
    const fresh = { email: 'new@leadwire-sample.kz', full_name: 'Новый' };
    const add = (person: Person, granted_by: string) =>
      students(as[person]).insert({ ...fresh, granted_by });
    expect((await add('aida', MANAGERS.bolat)).error?.code).toBe('42501');
    expect((await add('targetologist', PEOPLE.targetologist.id)).error?.code).toBe('42501');
    expect((await add('aida', MANAGERS.aida)).error).toBeNull();
    expect((await students(as.aida).delete().eq('email', fresh.email)).error?.code).toBe('42501');
    await students(service).delete().eq('email', fresh.email).throwOnError();
  });

  test('keep a manager who has no login; a new one needs one', async () => {
    const orphan = students(service)
      .update({ phone: '+77000009999' })
      .eq('granted_by', MANAGERS.elsewhere);
    expect((await orphan.select('id')).data).toHaveLength(20);
    const wrong = students(service)
      .update({ granted_by: crypto.randomUUID() })
      .eq('email', 'student92@leadwire-sample.kz');
    expect((await wrong).error?.code).toBe('23503');
  });

  test('take the attribution of their lead', async () => {
    const lead = { lead_id: crypto.randomUUID(), campaign: 'spring', utm_source: 'facebook' };
    await students(service).update(lead).eq('email', 'student3@leadwire-sample.kz').throwOnError();
    const { data } = await students(as.aida)
      .select('*')
      .eq('email', 'student3@leadwire-sample.kz')
      .single<object>();
    expect(data).toMatchObject({ ...lead, manager_name: 'Аида' });
  });
});

describe('staff', () => {
  test('who are disabled see nothing at once; an older word about them changes nothing', async () => {
    await putStaff(staffRow('bolat', { active: false, at: '2026-01-06T10:00:00.000Z' }));
    expect(await countFor('bolat')).toBe(0);
    await putStaff(staffRow('bolat'));
    expect(await countFor('bolat')).toBe(0);
    await putStaff(staffRow('bolat', { at: '2026-01-07T10:00:00.000Z' }));
    expect(await countFor('bolat')).toBe(30);
  });

  test('see themselves, an owner everybody, and nobody writes them', async () => {
    const found = async (person: Person) => (await as[person].from('staff').select('id')).data;
    expect(await found('aida')).toEqual([{ id: MANAGERS.aida }]);
    expect(await found('owner')).toHaveLength(5);
    expect(await found('student1')).toEqual([]);
    const promoted = await as.aida.from('staff').update({ role: 'owner' }).eq('id', MANAGERS.aida);
    expect(promoted.error?.code).toBe('42501');
  });

  test('with an address that somebody else has are left as they are', async () => {
    const row = { ...staffRow('viewer'), staffId: crypto.randomUUID() };
    const answer: unknown = (await putStaff(row)).data;
    expect(answer).toEqual([{ staffId: row.staffId, problem: 'address_taken' }]);
  });
});

test('generated passwords go where the student can log in without them, and nowhere else', async () => {
  const forget = async (really: boolean) =>
    (await service.rpc('leadwire_forget_generated_passwords', { really }).throwOnError()).data as {
      emptied: number;
      kept: { id: string; why: string }[];
    };
  await service.auth.admin.createUser({ email: 'student5@leadwire-sample.kz' });
  const passwords = async () =>
    (
      await project.sql<{ id: string }>(
        'select id from tripwire_users where generated_password is not null',
      )
    ).length;
  const tried = await forget(false);
  expect(tried).toMatchObject({ emptied: 1 });
  expect(tried.kept.find(({ id }) => id === '5')).toEqual({ id: '5', why: 'not_confirmed' });
  expect(tried.kept.filter(({ why }) => why === 'no_login')).toHaveLength(90);
  expect(await passwords()).toBe(92);
  expect(await forget(true)).toMatchObject({ emptied: 1 });
  expect(await passwords()).toBe(91);
  expect(await forget(true)).toMatchObject({ emptied: 0 });
  expect(
    (await as.owner.rpc('leadwire_forget_generated_passwords', { really: true })).error?.code,
  ).toBe('42501');
});
