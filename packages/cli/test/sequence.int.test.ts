/** `leadwire sequence`, `campaign subjects` and `texts picture` in front of a mailer-batch with a broker, a database and the sandbox behind it. */
import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { idIn, useCampaigns } from './campaign-rig.ts';
import { runCli, type CliRun } from './run-cli.ts';

const { mailerUrl, natsUrl, file, campaign, leadwire } = useCampaigns();
const sequence = (...args: string[]): Promise<CliRun> => leadwire('sequence', ...args);

test('is made, shown, switched on and off, and lets a person go, in words and as JSON', async () => {
  const words = {
    subject: 'Остался шаг',
    preheader: '',
    blocks: [{ type: 'text', text: 'Ждём.' }],
  };
  await fetch(`${mailerUrl()}/api/texts/pay-first`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ base: 0, content: { mail: words, sms: null } }),
  });
  const made = ['create', 'Не оплатили', '--trigger', 'payment_form', '--step'];
  const bad = await sequence(...made, 'soon:email:pay-first');
  expect([bad.code, bad.err]).toEqual([2, expect.stringContaining('"soon:email:pay-first"')]);
  const saved = await sequence(...made, '1h:email:pay-first', '1d:email:pay-first', '--json');
  expect(JSON.parse(saved.out)).toMatchObject({
    isOn: false,
    steps: [{ after: '1h' }, { after: '1d' }],
  });
  expect((await sequence('on', 'не оплатили', '--yes')).out).toContain('is on');
  expect((await sequence('list')).out).toMatch(/Не оплатили\s+on\s+payment_form/);
  expect((await sequence('show', 'Не оплатили')).out).toMatch(/1h\s+email\s+pay-first/);
  const stopped = await sequence('stop', '+7 700 000 01 01', '--json');
  expect(JSON.parse(stopped.out)).toEqual({ stopped: 0 });
  const off = await sequence('off', 'Не оплатили', '--yes', '--json');
  expect(JSON.parse(off.out)).toMatchObject({ isOn: false });
  const gone = await sequence('delete', 'Не оплатили', '--yes', '--json');
  expect(JSON.parse(gone.out)).toMatchObject({ kept: false });
  expect((await sequence('list')).out).toContain('There is no sequence yet');
  expect((await sequence('show', 'nobody')).err).toContain('There is no sequence "nobody"');
});

test('two texts are tried on a part of a list, by the number of people alone', async () => {
  const words = (subject: string) => ({
    subject,
    preheader: '',
    blocks: [{ type: 'text', text: subject }],
  });
  for (const name of ['short-one', 'long-one']) {
    const content = { mail: words(name), sms: null };
    await fetch(`${mailerUrl()}/api/texts/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ base: 0, content }),
    });
  }
  await writeFile(
    file('list.csv'),
    [
      'Имя;E-mail',
      ...Array.from({ length: 100 }, (_, n) => `Айгерим;try-${n}@mail.leadwire-sample.kz`),
    ].join('\n'),
  );
  const made = await campaign(
    'create',
    '--name',
    'Проба',
    '--template',
    'short-one',
    '--csv',
    file('list.csv'),
  );
  const id = idIn(made);
  expect((await campaign('subjects', id)).out).toContain('No subjects are tried here.');
  const both = ['subjects', id, '--text-a', 'short-one', '--text-b', 'long-one'];
  expect(await campaign('subjects', id, '--text-a', 'short-one')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--text-a and --text-b'),
  });
  expect(await campaign(...both, '--a', 'Тема', '--b', 'Другая')).toMatchObject({
    code: 2,
    err: expect.stringContaining('either two subjects or two texts'),
  });
  expect(await campaign(...both)).toMatchObject({
    code: 2,
    err: expect.stringContaining('--confirm 100'),
  });
  const wrong = await campaign(...both, '--confirm', '99');
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('100')]);
  const begun = await campaign(...both, '--confirm', '100', '--share', '40');
  expect(begun.out).toMatch(/A {2}short-one\nB {2}long-one\n/);
});

test('a picture of a file becomes an address; a folder, text and no address of ours are said', async () => {
  const env = { NATS_URL: natsUrl(), PUBLIC_BASE_URL: 'https://leads.leadwire-sample.kz' };
  const dot = Buffer.from('R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');
  await writeFile(file('dot.gif'), dot);
  await writeFile(file('words.gif'), 'no picture');
  const picture = (own: Record<string, string>, name: string) =>
    runCli(own, 'texts', 'picture', file(name));
  const kept = await picture(env, 'dot.gif');
  expect(kept.out).toMatch(
    /^https:\/\/leads\.leadwire-sample\.kz\/i\/[0-9a-f]{32}\.gif\n1 × 1, 1 KB/,
  );
  expect((await picture(env, 'words.gif')).code).toBe(1);
  expect((await picture({ NATS_URL: natsUrl() }, 'dot.gif')).err).toContain('PUBLIC_BASE_URL');
});
