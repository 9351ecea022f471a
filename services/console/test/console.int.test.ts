/** The console against the real database with Auth and a real broker, as browsers without scripts see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { createClient } from '@supabase/supabase-js';
import { PASSWORD, Visitor, addressOf, people, signedIn, startRig, type Rig } from './rig.ts';

const LEADS = {
  theirs: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001',
  other: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0002',
  hostile: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0003',
};
const PHONE = '+77000001845';
const ADDRESS = 'madina@leadwire-sample.kz';
const HOSTILE = `<img src=x onerror=alert(1)>"'&\u202e🙂${'ж'.repeat(10_000)}`;

let rig: Rig;
const as = {} as Record<StaffRole, Visitor>;

beforeAll(async () => {
  rig = await startRig();
  const { sql } = rig.landing.landing;
  await sql(
    `insert into landing_leads (id, kind, name, email, phone, utm_source, answers, created_at) values
      ('${LEADS.theirs}', 'proftest', 'Мадина Ёлкина', '${ADDRESS}', '${PHONE}', 'Facebook', '{"Ближе": "Цифры"}', now() - interval '1 hour'),
      ('${LEADS.other}', 'purchase', 'Данияр Ахметов', 'daniyar@leadwire-sample.kz', '+77000004007', 'google', '{}', now() - interval '40 days')`,
  );
  await sql(
    `insert into landing_leads (id, kind, name, email, phone, utm_source, utm_content, campaign, answers, amocrm_error, created_at)
     values ($1, 'proftest', $2, $2, $2, $2, $2, $2, jsonb_build_object($2::text, $2::text), $2, now() - interval '2 days')`,
    [LEADS.hostile, HOSTILE],
  );
  await sql(
    `insert into scheduled_notifications (lead_id, channel, template, status, reason, error, failed_at, created_at) values
      ('${LEADS.theirs}', 'sms', 'proftest_sms', 'failed', 'attempts_spent', '402 not enough money for ${PHONE}', now(), now())`,
  );
  await sql('select leadwire_refresh_leads(array(select id from landing_leads))');
  for (const role of people) as[role] = await signedIn(rig, role);
}, 180_000);
afterAll(() => rig.close());

const textOf = async (response: Response | Promise<Response>) => (await response).text();

describe('coming in', () => {
  test('a wrong password and an unknown address are answered alike', async () => {
    const answers = await Promise.all(
      [addressOf('viewer'), 'nobody@leadwire-sample.kz'].map(async (email) => {
        const answer = await new Visitor(rig.url).post('/login', { email, password: 'wrong' });
        return [answer.status, (await answer.text()).replaceAll(email, '…')];
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.[0]).toBe(401);
    expect(answers[0]?.[1]).toContain('Осталось 4');
  });

  test('an address is closed after five wrong passwords, also for the right one', async () => {
    const email = 'guessed@leadwire-sample.kz';
    const visitor = new Visitor(rig.url);
    for (let i = 0; i < 5; i++) await visitor.post('/login', { email, password: `guess ${i}` });
    const answer = await visitor.post('/login', { email, password: PASSWORD });
    expect([answer.status, await answer.text()]).toEqual([
      429,
      expect.stringContaining('15 минут'),
    ]);
  });

  test('a link is spent by the button, not by opening it, and works once', async () => {
    const { env } = rig.landing;
    const stateless = { auth: { persistSession: false, autoRefreshToken: false } };
    const { admin } = createClient(env.LANDING_SUPABASE_URL, env.LANDING_SUPABASE_SERVICE_KEY, stateless).auth; // prettier-ignore
    const { data } = await admin.generateLink({ type: 'recovery', email: addressOf('viewer') });
    const link = { token_hash: data.properties?.hashed_token ?? '', type: 'recovery' };
    const path = `/auth/confirm?${new URLSearchParams(link).toString()}`;
    const visitor = new Visitor(rig.url);
    for (let i = 0; i < 2; i++)
      expect(await textOf(visitor.get(path))).toContain('Сохранить и войти');
    const short = await visitor.post('/auth/confirm', {
      ...link,
      password: 'short',
      again: 'short',
    });
    expect(short.status).toBe(422);
    const both = { password: PASSWORD, again: PASSWORD };
    expect((await visitor.post('/auth/confirm', { ...link, ...both })).headers.get('location')).toBe('/'); // prettier-ignore
    expect(await textOf(visitor.get('/account'))).toContain('Наблюдатель');
    const again = await new Visitor(rig.url).post('/auth/confirm', { ...link, ...both });
    expect([again.status, await again.text()]).toEqual([403, expect.stringContaining('Получить новую ссылку')]); // prettier-ignore
  });

  test('asking for a link tells nothing about who works here', async () => {
    const ask = (email: string) => textOf(new Visitor(rig.url).post('/forgot', { email }));
    expect(await ask('nobody@leadwire-sample.kz')).toBe(await ask(addressOf('viewer')));
  });

  test('somebody who was taken out is out with the next request', async () => {
    const visitor = await signedIn(rig, 'viewer');
    const set = (active: boolean) =>
      rig.landing.landing.sql('update staff set active = $1 where id = $2', [
        active,
        rig.ids.viewer,
      ]);
    await set(false);
    expect((await visitor.get('/leads')).headers.get('location')).toBe('/login?next=%2Fleads');
    await set(true);
  });

  test('a post from another site, or from nowhere, changes nothing', async () => {
    const visitor = await signedIn(rig, 'viewer');
    const foreign = [{ 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }];
    for (const headers of foreign) {
      expect((await visitor.post('/logout', {}, headers)).status).toBe(403);
    }
    expect((await visitor.get('/account')).status).toBe(200);
    await visitor.post('/logout', {});
    expect((await visitor.get('/account')).status).toBe(303);
  });
});

test('every answer keeps others out: no scripts from elsewhere, no frame, no copy on the way', async () => {
  const { headers } = await as.owner.get('/');
  expect(headers.get('content-security-policy')).toMatch(
    /default-src 'none';.*frame-ancestors 'none'/,
  );
  expect(headers.get('content-security-policy')).not.toMatch(/unsafe/);
  expect(headers.get('cache-control')).toBe('no-store');
  const page = await textOf(as.owner.get('/leads'));
  expect(page).not.toMatch(/ style=| onclick=|<style|<script>/);
});

describe('leads', () => {
  const find = async (role: StaffRole, words: string) => {
    const { headers } = await as[role].post('/leads', { words, period: '30' });
    const found = await textOf(as[role].get(headers.get('location') ?? ''));
    return Object.entries(LEADS).flatMap(([name, id]) => (found.includes(id) ? [name] : []));
  };

  test.each([
    ['1845', ['theirs']],
    ['8 (700) 000-18-45', ['theirs']],
    ['елкина', ['theirs']],
    ['ADINA@lead', ['theirs']],
    // Older than the list's thirty days: whoever looks for somebody finds them.
    ['4007', ['other']],
    ['leadwire-sample', ['theirs', 'other']],
    // Every word has to fit, in any order.
    ['1845 мадина', ['theirs']],
    ['елкина данияр', []],
    ['1', []],
    ['%_%', []],
  ])('%s finds %j', async (words, names) => {
    expect(await find('sales', words)).toEqual(names);
  });

  test('are not found by contacts for whoever may not see these', async () => {
    expect(await find('viewer', '1845')).toEqual([]);
    expect(await find('targetologist', '1845')).toEqual([]);
  });

  test('tell their way in words: why the SMS did not go, and what to do', async () => {
    const page = await textOf(as.sales.get(`/leads/${LEADS.theirs}`));
    expect(page).toContain('SMS не ушло: нет денег на счёте');
    expect(page).toContain('Пополните счёт Mobizon');
    expect(page).toContain('href="tel:+77000001845"');
  });

  test('show no contact to viewers and targetologists, in no corner of any page', async () => {
    for (const role of ['viewer', 'targetologist'] as const) {
      for (const path of ['/', '/leads', `/leads/${LEADS.theirs}`]) {
        const page = await textOf(as[role].get(path));
        expect(page).not.toMatch(/1845|000 18 45|Мадина|madina@|Цифры/);
      }
    }
    expect((await as.targetologist.get(`/leads/${LEADS.other}`)).status).toBe(404);
  });

  test('with hostile values are shown harmless', async () => {
    for (const path of ['/', '/leads', `/leads/${LEADS.hostile}`]) {
      const answer = await as.owner.get(path);
      const page = await answer.text();
      expect([path, answer.status]).toEqual([path, 200]);
      expect(page).not.toContain('<img');
      expect(page).not.toContain('ж'.repeat(1_000));
    }
  });
});

test.each(['/leads/nothing', `/leads/${crypto.randomUUID()}`, '/nowhere'])(
  '%s is not there, in words',
  async (path) => {
    const answer = await as.owner.get(path);
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('Такой страницы нет')]); // prettier-ignore
  },
);

test('the day is counted for whoever looks', async () => {
  expect(await textOf(as.owner.get('/'))).toContain('<h1>Сегодня</h1>');
  const { sql } = rig.landing.landing;
  const [{ own } = { own: 0 }] = await sql<{ own: number }>(
    "select count(*)::int as own from landing_leads where created_at >= date_trunc('day', now() at time zone 'Asia/Almaty') at time zone 'Asia/Almaty' and lower(utm_source) = 'facebook'",
  );
  expect(await textOf(as.targetologist.get('/'))).toContain(`<b>${own}</b>`);
});

describe('what is live', () => {
  test('tells an open page that a lead came', async () => {
    const answer = await as.sales.get('/live');
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    const { connect } = await import('nats');
    const broker = await connect({ servers: rig.broker.url });
    broker.publish('leads.created.proftest.someone', '{}');
    await broker.drain();
    let heard = '';
    while (!heard.includes('event: changed')) heard += (await reader.read()).value ?? '';
    await reader.cancel();
    expect(heard).toContain('retry: 2000');
  });

  test('is for people who work here', async () => {
    expect((await new Visitor(rig.url).get('/live')).status).toBe(401);
  });
});
