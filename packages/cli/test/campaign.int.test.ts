/** Campaigns from the command line, from the draft to the report. */
import { readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { freePort } from '@leadwire/testing/nats';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { idIn, people, useCampaigns } from './campaign-rig.ts';
import { startLossyWay } from './lossy-way.ts';
import { runCli } from './run-cli.ts';

const { campaign, draft, file, leadwire, mailerUrl, sandbox, sql } = useCampaigns();

describe('a campaign from the command line', () => {
  test('is made, looked at, tried, started, watched to its end and reported', async () => {
    const made = await draft([...people(250, 'a'), 'Дана;a0@mail.leadwire-sample.kz;', 'Без;;']);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toContain('250 people of 252 in the list');
    const id = idIn(made);
    const short = id.slice(0, 13);
    const shown = await campaign('preview', short, '--html', file('page.html'));
    expect(shown.out).toContain('stands in the list more than once');
    // Contacts are masked: what is on a screen is often shared.
    expect(shown.out).not.toContain('a0@mail');
    expect(await readFile(file('page.html'), 'utf8')).toContain('<html');
    expect((await campaign('preview', short, '--private')).out).toContain(
      'a0@mail.leadwire-sample.kz',
    );

    const tested = await campaign('test', short, 'me@mail.leadwire-sample.kz');
    expect(tested).toMatchObject({ code: 0, out: expect.stringContaining('sent') });

    expect(await campaign('start', short)).toMatchObject({
      code: 2,
      err: expect.stringContaining('Give --confirm 250'),
    });
    expect(await campaign('start', short, '--confirm', '251')).toMatchObject({
      code: 1,
      err: expect.stringContaining('the audience has 250 people'),
    });
    const started = await campaign('start', short, '--confirm', '250');
    expect(started.code).toBe(0);
    // In a pipe the bar is lines, without colours; the table is the end.
    expect(started.out).toMatch(/\d+ %\s+\d+ of 250/);
    expect(started.out).toMatch(/sent\s+250\s+100\.0 %/);
    expect(started.out).not.toContain('\u001b[');
    expect(await campaign('start', short, '--confirm', '250')).toMatchObject({
      code: 1,
      err: expect.stringContaining('finished'),
    });

    const mails = (await sandbox().control.mails()).flatMap(({ to }) => to);
    const toList = mails.filter((address) => address.startsWith('a'));
    expect(toList).toHaveLength(250);
    expect(new Set(toList).size).toBe(250);

    const report = await campaign('report', short);
    expect(report.out.trim().split('\n').length).toBeGreaterThanOrEqual(251);
    // Spreadsheets know by it that it is UTF-8.
    expect(report.out.startsWith('\ufeff')).toBe(true);
    expect((await campaign('report', short, '--sums')).out).toMatch(/sent +250 +100/);
    expect((await campaign('compare', short, id)).out).toMatch(/sent( +250 +100\.0 %){2} +0\.0/);
    expect((await campaign('list')).out).toContain(`${short}  `);
    expect((await campaign('retry', short, '--yes')).out).toContain('Nobody failed.');
  });

  test('tells slips and hours before its start, keeps emoji, and goes once more to who did not open it', async () => {
    const text = ['---', 'title: День', 'subject: Ждём 🎉', '---', 'До встречи, {{ name }} 👩‍💻!'];
    await writeFile(file('day.md'), text.join('\n'));
    expect(await leadwire('texts', 'write', 'emoji-day', file('day.md'))).toMatchObject({
      code: 0,
    });
    await writeFile(file('list.csv'), 'Имя;E-mail\nДана;dana@gmial.com\nАнна;anna@mail.kz');
    // An hour that is not this one.
    const hour = (later: number) =>
      `${String((new Date().getUTCHours() + later) % 24).padStart(2, '0')}:00`;
    const quiet = ['--quiet-hours', `${hour(6)}-${hour(7)}`, '--time-zone', 'UTC'];
    const how = ['--template', 'emoji-day', '--csv', file('list.csv'), ...quiet];
    const id = idIn(await campaign('create', '--name', 'День', ...how));
    const shown = (await campaign('preview', id)).out;
    expect(shown).toContain('1 likely slip in addresses: row 2 gmial.com (gmail.com?)');
    expect(shown).toContain('Ждём 🎉');
    expect(shown).toContain(`quiet hours ${hour(6)}-${hour(7)} UTC`);
    expect(shown).toContain('takes about');

    expect((await campaign('start', id, '--confirm', '2')).out).toMatch(/sent\s+2\s+100\.0 %/);
    const [mail] = await sandbox().control.mails('anna@mail.kz');
    expect(mail?.subject).toBe('Ждём 🎉');
    expect(mail?.html).toContain('👩‍💻');
    expect(mail?.text).toContain('👩‍💻');
    await sql(
      `update campaign_recipients set opened_at = now() where campaign_id = $1 and contact = 'dana@gmial.com'`,
      [id],
    );
    const again = await campaign('resend', id);
    expect(again.out).toContain('1 person');
    expect((await campaign('preview', idIn(again), '--private')).out).toContain(
      'До встречи, Анна 👩‍💻!',
    );
  });

  test('is paused, slowed, gone on with and cancelled', async () => {
    const id = idIn(await draft(people(150, 'b'), '--rate', '0.02'));
    await campaign('start', id, '--confirm', '150', '--no-watch');
    expect(JSON.parse((await campaign('pause', id, '--json')).out)).toMatchObject({ id });
    expect((await campaign('status', id, '--watch')).out).toContain('paused (by hand)');
    expect((await campaign('rate', id, '0.03')).out).toContain('At most 0.03 calls a second.');
    expect((await campaign('resume', id, '--no-watch')).out).toContain('It goes on.');
    expect(await campaign('cancel', id)).toMatchObject({ code: 2 });
    expect((await campaign('cancel', id, '--yes')).out).toContain('cancelled');
  });

  test('is one draft when the answer gets lost on its way', async () => {
    const way = await startLossyWay(mailerUrl(), (response) => response.destroy());
    await writeFile(file('list.csv'), ['Имя;E-mail;Телефон', ...people(3, 'lost')].join('\n'));
    const texts = ['--template', 'stream-moved', '--vars', file('vars.json')];
    try {
      const made = await runCli(
        { MAILER_BATCH_URL: way.url, ADMIN_TOKEN },
        ...['campaign', 'create', '--name', 'Потерян', ...texts, '--csv', file('list.csv')],
      );
      expect(made).toMatchObject({ code: 0, err: '' });
      expect(made.out).toContain('3 people of 3 in the list');
    } finally {
      await way.close();
    }
    expect(way.lost()).toBe(1);
    expect((await campaign('list')).out.match(/Потерян/g)).toHaveLength(1);
  });

  test('is watched while its database is away for a moment, and while an answer breaks off', async () => {
    const id = idIn(await draft(people(2, 'away')));
    await campaign('start', id, '--confirm', '2', '--no-watch');
    const away = (response: ServerResponse) =>
      response.writeHead(503).end('{"success":false,"error":"temporarily unavailable"}');
    const breaks = (response: ServerResponse) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"success":');
      setImmediate(() => response.destroy());
    };
    for (const lose of [away, breaks]) {
      const way = await startLossyWay(mailerUrl(), lose);
      try {
        const env = { MAILER_BATCH_URL: way.url, ADMIN_TOKEN };
        const watched = await runCli(env, 'campaign', 'status', id, '--watch');
        expect(watched).toMatchObject({ code: 0, err: '' });
        expect(watched.out).toMatch(/sent\s+2\s+100\.0 %/);
      } finally {
        await way.close();
      }
      expect(way.lost()).toBe(1);
    }
  });

  test('is scheduled, and says when by its own clock', async () => {
    const when = ['--schedule', '2099-11-24T23:30:00+05:00', '--quiet-hours', '21:00-09:00'];
    const made = await draft(people(2, 'c'), ...when, '--time-zone', 'Asia/Almaty');
    const started = await campaign('start', idIn(made), '--confirm', '2');
    expect(started.out).toContain('Scheduled for 2 people.');
    expect(started.out).toContain('begins 2099-11-24 23:30 Asia/Almaty');
    expect(started.out).toContain('nothing goes out before 09:00');
    expect((await campaign('status', idIn(made))).out).toContain('begins 2099-11-24 23:30');
    await campaign('cancel', idIn(made), '--yes');
  });

  test('takes a list in the encoding of an old spreadsheet', async () => {
    // «Имя;E-mail» and «Дана» in Windows-1251.
    const header = Buffer.from([0xc8, 0xec, 0xff]);
    const name = Buffer.from([0xc4, 0xe0, 0xed, 0xe0]);
    const bytes = [header, ';E-mail\n', name, ';dana@mail.leadwire-sample.kz\n'];
    await writeFile(file('old.csv'), Buffer.concat(bytes.map((part) => Buffer.from(part))));
    const texts = ['--template', 'stream-moved', '--vars', file('vars.json')];
    const made = await campaign(...['create', '--name', 'x', ...texts, '--csv', file('old.csv')]);
    expect((await campaign('preview', idIn(made), '--private')).out).toContain('Дана');
  });

  test('of SMS says what it costs', async () => {
    const texts = ['--template', 'stream-moved', '--vars', file('vars.json')];
    const made = await campaign(
      ...['create', '--name', 'SMS', '--channel', 'sms', ...texts],
      ...['--to', '8 705 111 22 33', '+77051112234'],
    );
    const { out } = await campaign('preview', idIn(made));
    expect(out).toMatch(/2 segments, about \d+ ₸/);
  });
});

test('people are chosen by a saved segment; nobody is no number; the report on the screen is UTF-8 for Excel', async () => {
  await sql(
    `insert into landing_leads (id, kind, name, email, utm_source, created_at) values
      (gen_random_uuid(), 'proftest', 'Дана', 'segment@leadwire-sample.kz', 'cli-sample', now())`,
  );
  const segment = (...args: string[]) => leadwire('segment', ...args);
  const where = ['--where', 'utm_source=cli-sample', 'bought=no'];
  expect((await segment('count', ...where)).out).toContain('1 person by email');
  expect(await segment('count', '--where', 'password=1')).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is no field password'),
  });
  expect((await segment('save', 'Не купили', ...where)).code).toBe(0);
  expect((await segment('save', 'не купили', ...where, 'lead_at>=30d')).code).toBe(0);
  expect((await segment('list')).out.match(/купили/g)).toHaveLength(1);

  const texts = ['--template', 'stream-moved', '--vars', file('vars.json')];
  const made = await campaign('create', '--name', 'Эфир', ...texts, '--segment', 'Не купили');
  const id = idIn(made);
  expect(made.out).toContain('1 person of 1 in the list');
  expect((await campaign('preview', id)).out).toContain('takes about');
  expect(await campaign('start', id, '--confirm', '0')).toMatchObject({
    code: 2,
    err: expect.stringContaining('a campaign for nobody is none'),
  });
  expect((await campaign('report', id)).out.startsWith('\ufeff')).toBe(true);
  expect((await campaign('copy', id)).out).toContain('Draft');
  expect((await campaign('delete', id, '--yes')).out).toContain('Deleted');
  expect((await segment('delete', 'Не купили', '--yes')).out).toContain('Deleted');
});

describe('what cannot be done is said in words', () => {
  test('every broken row of a list, and nothing is left of it', async () => {
    const broken = Array.from({ length: 60 }, (_, n) => `Дана;b${n}@mail.leadwire-sample.kz;x;y`);
    await writeFile(file('list.csv'), ['Имя;E-mail', ...broken].join('\n'));
    const before = (await campaign('list', '--limit', '200')).out;
    const texts = ['--template', 'stream-moved', '--vars', file('vars.json')];
    const made = await campaign(
      ...['create', '--name', 'Сломан', ...texts, '--csv', file('list.csv')],
    );
    expect(made.code).toBe(1);
    expect(made.err.match(/row \d+: 4 columns where the header has 2/g)).toHaveLength(60);
    expect((await campaign('list', '--limit', '200')).out).toBe(before);
  });

  test('a quotation mark that is never closed', async () => {
    await writeFile(file('list.csv'), 'Имя;E-mail\n"Айгерим;a@mail.leadwire-sample.kz\nДана;b\n');
    const texts = ['--template', 'stream-moved', '--vars', file('vars.json')];
    const made = await campaign(
      ...['create', '--name', 'Сломан', ...texts, '--csv', file('list.csv')],
    );
    expect(made.code).toBe(1);
    expect(made.err).toMatch(/row \d+: /);
  });

  test.each([
    [['create', '--name', 'x', '--template', 'no-such', '--to', 'a@mail.kz'], 'no-such'],
    [['create', '--name', 'x', '--template', 'stream-moved', '--to', 'a@mail.kz'], 'newDate'],
    [['status', '01997f3a-2b1c'], 'There is no campaign'],
    [
      ['create', '--name', 'x', '--template', 'stream-moved', '--csv', '/nowhere.csv'],
      'is not there',
    ],
  ])('%j', async (args, words) => {
    expect(await campaign(...args)).toMatchObject({ code: 1, err: expect.stringContaining(words) });
  });

  test.each([[[]], [['--to', 'a@mail.kz', '--csv', 'list.csv']]])(
    'no list, or two: %j',
    async (flags) => {
      expect(
        await campaign('create', '--name', 'x', '--template', 'stream-moved', ...flags),
      ).toEqual({
        code: 2,
        out: '',
        err: expect.stringContaining('Give one of --csv, --to, --table, --segment and --where'),
      });
    },
  );

  test('no token, a wrong one, and nobody there', async () => {
    const url = { MAILER_BATCH_URL: mailerUrl() };
    expect(await runCli(url, 'campaign', 'list')).toMatchObject({
      code: 2,
      err: expect.stringContaining('ADMIN_TOKEN'),
    });
    const wrong = { ...url, ADMIN_TOKEN: 'another-token-of-the-kind' };
    expect(await runCli(wrong, 'campaign', 'list')).toMatchObject({
      code: 1,
      err: expect.stringContaining('does not take this ADMIN_TOKEN'),
    });
    const away = { MAILER_BATCH_URL: `http://127.0.0.1:${await freePort()}`, ADMIN_TOKEN };
    expect(await runCli(away, 'campaign', 'list')).toMatchObject({
      code: 1,
      err: expect.stringContaining('does not answer'),
    });
  });
});
