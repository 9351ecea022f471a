import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { campaignTemplateNames, loadCampaignTemplates } from '../src/campaign-templates.ts';
import type { CampaignTemplates } from '../src/campaign-templates.ts';
import { thawCampaign } from '../src/frozen-campaign.ts';
import { loadTemplates } from '../src/templates.ts';
import { thawSample } from './thaw-sample.ts';

const TEXTS = join(import.meta.dirname, '../texts');
const NAME = 'stream-moved';

let templates: CampaignTemplates;
beforeAll(async () => {
  templates = await loadCampaignTemplates();
});

function issuesOf(change: Record<string, unknown>) {
  const { variables } = templates.sample(NAME);
  return templates.readVariables(NAME, { ...variables, ...change }).issues;
}

describe('a moved live stream', () => {
  test('tells the new date, the reason, what to do before it, and how many days are left', () => {
    const { mail } = thawSample(templates, NAME);
    const html = mail.html.replaceAll('&nbsp;', ' ');
    for (const part of [html, mail.text]) {
      expect(part).toContain('27 ноября (пятница), 19:00 по времени Алматы');
      expect(part).toContain('осталось 7 дней');
      expect(part).toContain('Приглашённый эксперт заболел');
      expect(part).toContain('Подготовьте один вопрос эксперту.');
      expect(part).toContain('Раньше: 20 ноября');
    }
    expect(html).toContain('href="https://leadwire.kz/s/b4Tz9Rc"');
    expect(mail.subject).toBe('Эфир «Как выбрать профессию в 2027 году» перенесён на 27 ноября');
  });

  test('has an SMS of one segment', () => {
    const { sms } = thawSample(templates, NAME);
    expect(sms.text).toBe('Leadwire: эфир перенесён на 27.11 19:00 https://leadwire.kz/s/b4Tz9Rc');
    expect(sms).toMatchObject({ segments: 1, encoding: 'UCS-2' });
  });

  test.each([
    ['2026-11-06T19:00:00+05:00', 'остался 21 день'],
    ['2026-11-24T23:59:00+05:00', 'осталось 3 дня'],
    // Past midnight in Almaty, still the day before in London.
    ['2026-11-25T00:00:00+05:00', 'осталось 2 дня'],
    ['2026-11-26T23:59:00+05:00', 'уже завтра'],
    ['2026-11-27T00:00:00+05:00', 'уже сегодня'],
  ])('sent at %s says «%s»', (at, words) => {
    const { mail } = thawSample(templates, NAME, { at: new Date(at) });
    expect(mail.text).toContain(`(${words})`);
  });

  test('counts anew for each moment, also of one frozen campaign', () => {
    const { variables, own, recipient } = templates.sample(NAME);
    const checked = templates.readVariables(NAME, variables).variables ?? {};
    const owner = { ...own, timeZone: 'Asia/Almaty' };
    const campaign = thawCampaign(templates.freeze(NAME, 'email', checked, owner));
    const at = (time: string) =>
      campaign
        .mail({ ...recipient, variables: {} }, new Date(time))
        .text.match(/\((остал.*|уже.*)\)/)?.[1];
    const days = ['24T10:00', '26T10:00', '26T10:00', '24T10:00'];
    expect(days.map((day) => at(`2026-11-${day}:00+05:00`))).toEqual([
      ...['осталось 3 дня', 'уже завтра', 'уже завтра', 'осталось 3 дня'],
    ]);
  });

  test('counts nothing down when it is over', () => {
    const { mail } = thawSample(templates, NAME, { at: new Date('2026-11-27T14:00:00Z') });
    expect(mail.text).toContain('19:00 по времени Алматы\n');
  });

  test('leaves out what was not given', () => {
    const { mail } = thawSample(templates, NAME, {
      variables: {
        oldDate: undefined,
        steps: 'Отметьте дату\n\nПриготовьте вопрос',
        button: 'В эфир',
      },
    });
    expect(mail.text).not.toContain('Раньше');
    expect(mail.text).toContain('1. Отметьте дату\n2. Приготовьте вопрос\n\nВ эфир:');
  });

  test('takes a link of the person’s own before the campaign’s', () => {
    const read = templates.readRecipient(
      NAME,
      { link: 'https://leadwire.kz/a' },
      { link: ' https://leadwire.kz/me?x=1 ', city: 'Алматы' },
    );
    expect(read).toEqual({ variables: { link: 'https://leadwire.kz/me?x=1' } });
    const { mail, sms } = thawSample(templates, NAME, {
      recipient: { variables: read.issues ? {} : read.variables },
    });
    expect(mail.html).toContain('href="https://leadwire.kz/me?x=1"');
    expect(sms.text).toContain('https://leadwire.kz/me?x=1');
  });

  test('offers everybody a way out of their own', () => {
    const { mail } = thawSample(templates, NAME, {
      recipient: { unsubscribeUrl: 'https://leadwire.kz/u/abc' },
    });
    expect(mail.html).toContain('href="https://leadwire.kz/u/abc"');
    expect(mail.text).toContain('https://leadwire.kz/u/abc');
  });
});

describe('variables of a campaign', () => {
  test('that are missing, unknown or wrong are named', () => {
    expect(
      issuesOf({
        reason: undefined,
        newDate: '27 ноября',
        link: 'javascript:x',
        neWDate: '1',
        steps: [],
      }),
    ).toEqual([
      { path: 'neWDate', message: expect.stringContaining('no such variable') },
      { path: 'newDate', message: expect.stringContaining('2026-11-27T19:00+05:00') },
      { path: 'reason', message: 'missing' },
      { path: 'steps', message: expect.any(String) },
      { path: 'link', message: expect.any(String) },
    ]);
  });

  test.each(['2026-11-27T19:00+05:00', '2026-11-27T14:00:00Z', '2026-11-27T14:00:00.000Z'])(
    'may tell a moment as %s',
    (newDate) => {
      const { mail } = thawSample(templates, NAME, { variables: { newDate } });
      expect(mail.text).toContain('Новая дата: 27 ноября (пятница), 19:00');
    },
  );

  test('may be left to each recipient, and are missed where neither gives them', () => {
    expect(issuesOf({ link: undefined })).toBeUndefined();
    expect(templates.readRecipient(NAME, {}, { name: 'Анна', link: ' ' })).toEqual({
      issues: [{ path: 'link', message: 'missing' }],
    });
    expect(templates.readRecipient(NAME, {}, { link: 'leadwire' }).issues).toHaveLength(1);
    expect(templates.readRecipient(NAME, { link: 'https://leadwire.kz/' }, {})).toEqual({
      variables: {},
    });
  });

  test('are told to those who make campaigns', () => {
    expect(templates.list().map(({ name }) => name)).toEqual(campaignTemplateNames);
    const [info] = templates.list();
    expect(info?.channels).toEqual(['email', 'sms']);
    expect(info?.variables).toContainEqual({
      name: 'link',
      required: true,
      perRecipient: true,
      description: expect.any(String),
    });
    expect(info?.variables.every(({ description }) => description !== '')).toBe(true);
  });
});

describe('what a person is called', () => {
  test('can add no header, no line and no markup', () => {
    const name = 'Анна\r\nBcc: all\u2028<b>{{ brand }}</b>';
    const { mail } = thawSample(templates, NAME, { recipient: { name } });
    expect(mail.subject).not.toMatch(/[\r\n]/);
    expect(mail.text).toMatch(/^Здравствуйте!\n/);
    expect(mail.html).not.toContain('<b>');
  });
});

describe('a frozen campaign', () => {
  test('gives the same bytes after the files have changed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'leadwire-texts-'));
    try {
      await cp(TEXTS, folder, { recursive: true });
      const before = await loadCampaignTemplates(folder);
      const { variables, own } = before.sample(NAME);
      const read = before.readVariables(NAME, variables);
      if (read.issues) throw new Error('the sample is not valid');
      const owner = { ...own, timeZone: 'Asia/Almaty' };
      const frozen = JSON.stringify(before.freeze(NAME, 'email', read.variables, owner));
      const person = { name: 'Анна', variables: {} };
      const at = new Date('2026-11-25T10:00:00Z');
      const first = thawCampaign(JSON.parse(frozen)).mail(person, at);

      await writeFile(join(folder, NAME, 'subject.txt'), 'Другая тема');
      const after = await loadCampaignTemplates(folder);
      const changed = after.freeze(NAME, 'email', read.variables, owner);
      expect(thawCampaign(changed).mail(person, at).subject).toBe('Другая тема');
      expect(thawCampaign(JSON.parse(frozen)).mail(person, at)).toEqual(first);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('has the one channel that it was frozen for', () => {
    const { variables, own } = templates.sample(NAME);
    const read = templates.readVariables(NAME, variables);
    if (read.issues) throw new Error('the sample is not valid');
    const frozen = templates.freeze(NAME, 'sms', read.variables, {
      ...own,
      timeZone: 'Asia/Almaty',
    });
    const person = { name: null, variables: {} };
    expect(thawCampaign(frozen).sms(person, new Date(0)).text).toContain('27.11');
    expect(() => thawCampaign(frozen).mail(person, new Date(0))).toThrow('no mail was frozen');
    expect(() => thawCampaign({ version: 2 })).toThrow('frozen campaign');
  });
});

test('a wrong variable in a campaign’s text stops the start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'leadwire-texts-'));
  try {
    await cp(TEXTS, folder, { recursive: true });
    await writeFile(join(folder, NAME, 'sms.txt'), '{% if name == "x" %}{{ nmae }}{% endif %}');
    await expect(loadCampaignTemplates(folder)).rejects.toThrow(
      'stream-moved/sms.txt: no variable "nmae"',
    );
    await writeFile(join(folder, NAME, 'sms.txt'), '{{ brand }}');
    await writeFile(join(folder, NAME, 'sample.json'), '{"brand":"Leadwire"}');
    await expect(loadCampaignTemplates(folder)).rejects.toThrow(
      'stream-moved/sample.json: stream: missing',
    );
    await rm(join(folder, NAME), { recursive: true });
    await expect(loadCampaignTemplates(folder)).rejects.toThrow('there is no such template');
    await expect(loadTemplates(folder)).resolves.toBeDefined();
  } finally {
    await rm(folder, { recursive: true });
  }
});
