/** The console against the real database with Auth and a real broker, as browsers without scripts see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { createClient } from '@supabase/supabase-js';
import {
  PASSWORD,
  Visitor,
  addressOf,
  askingAs,
  people,
  signedIn,
  startRig,
  type Rig,
} from './rig.ts';
import { CONVERSIONS, LEADS, PARTNER, storeLeads, storePartner } from './stored-rows.ts';

let rig: Rig;
const as = {} as Record<StaffRole, Visitor>;

beforeAll(async () => {
  rig = await startRig();
  await storeLeads(rig);
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
    const { admin } = createClient(
      env.LANDING_SUPABASE_URL,
      env.LANDING_SUPABASE_SERVICE_KEY,
      stateless,
    ).auth;
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
    expect(
      (await visitor.post('/auth/confirm', { ...link, ...both })).headers.get('location'),
    ).toBe('/');
    expect(await textOf(visitor.get('/account'))).toContain('Наблюдатель');
    const again = await new Visitor(rig.url).post('/auth/confirm', { ...link, ...both });
    expect([again.status, await again.text()]).toEqual([
      403,
      expect.stringContaining('Получить новую ссылку'),
    ]);
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
    expect([answer.status, await answer.text()]).toEqual([
      404,
      expect.stringContaining('Такой страницы нет'),
    ]);
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

describe('partners', () => {
  const { pending, held } = CONVERSIONS;
  const page = `/partners/${PARTNER}`;
  const act = async (role: StaffRole, path: string, fields: Record<string, string>) =>
    (await as[role].post(path, fields)).headers.get('location');
  const states = async () => {
    const found = 'select id, status from referral_conversions';
    const rows = await rig.landing.landing.sql<{ id: string; status: string }>(found);
    return Object.fromEntries(rows.map(({ id, status }) => [id, status]));
  };

  beforeAll(() => storePartner(rig));

  test('are seen with what they earned, by whoever sees contacts; names of strangers do no harm', async () => {
    const list = await textOf(as.sales.get('/partners'));
    expect(list).toMatch(/Ждёт одобрения<\/span\s*>10\s000,5/);
    expect(list).not.toContain('<img');
    const one = await textOf(as.sales.get(page));
    expect(one).toContain('партнёр и покупатель, похоже, один человек');
    expect([one.includes('<img'), one.includes('Одобрить')]).toEqual([false, false]);
    const sales = await askingAs(rig, 'sales');
    const { error } = await sales.rpc('console_move_referrals', { ids: [pending], wanted: 'paid' });
    const viewer = await (await askingAs(rig, 'viewer')).rpc('console_partners', { partner: null });
    expect([error?.code, viewer.error?.code]).toEqual(['42501', '42501']);
  });

  test('are paid what an owner approved: a doubtful one by itself, money by its sum, nothing twice', async () => {
    const question = await textOf(as.owner.get(`${page}?ask=approve`));
    expect([question.includes(`value="${pending}"`), question.includes(`value="${held}"`)]).toEqual(
      [true, false],
    );
    expect(await act('owner', `${page}/approve`, { id: pending })).toBe(
      `${page}?done=approved&n=1`,
    );
    expect(await act('owner', `${page}/approve`, { id: pending })).toBe(
      `${page}?done=approved&n=0`,
    );
    expect(await act('owner', `${page}/pay`, { id: pending, sure: '5000' })).toBe(
      `${page}?done=number&n=0`,
    );
    const paid = await act('owner', `${page}/pay`, { id: pending, sure: '5\u00a0000,5 ₸' });
    expect(paid).toBe(`${page}?done=paid&n=1`);
    expect(await states()).toEqual({ [pending]: 'paid', [held]: 'held' });
    expect(await textOf(as.owner.get('/partners/csv'))).toContain(
      "asel@leadwire-sample.kz;'+77000004411;s1;",
    );
  });

  test('are added by whoever talks to people, under a code that nobody else has', async () => {
    const person = {
      name: 'Ерлан',
      email: 'erlan@leadwire-sample.kz',
      phone: '8 700 000 44 12',
      code: 'Erlan',
    };
    const wrong = await textOf(
      as.sales.post('/partners', { ...person, phone: 'нет', name: '"><img' }),
    );
    expect([wrong.includes('Это не похоже на номер телефона'), wrong.includes('<img')]).toEqual([
      true,
      false,
    ]);
    expect(await act('sales', '/partners', person)).toBe('/partners?done=added');
    expect(await act('sales', '/partners', person)).toBe('/partners?done=known');
    const other = { ...person, email: 'other@leadwire-sample.kz' };
    expect(await textOf(as.sales.post('/partners', other))).toContain('Этот код занят');
    expect(await act('owner', '/partners/tiers', { from: '1', percent: '10,5', amount: '' })).toBe(
      '/partners?done=tier',
    );
    expect(await textOf(as.owner.get('/partners'))).toContain('10,5 %');
    expect(await act('owner', '/partners/tiers', { from: '0', percent: '5' })).toBe(
      '/partners?done=bad-tier',
    );
  });
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
