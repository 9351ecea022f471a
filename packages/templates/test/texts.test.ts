import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import {
  campaignTemplateNames,
  isCampaignTemplate,
  loadCampaignTemplates,
} from '../src/campaign-templates.ts';
import type { CampaignTemplates } from '../src/campaign-templates.ts';
import { leadTemplateNames, loadTemplates, templateNames } from '../src/templates.ts';
import type { RenderedMail, TemplateName, Templates } from '../src/templates.ts';
import { thawSample } from './thaw-sample.ts';

// Gmail cuts a message at 102 KB of HTML and hides the rest behind a link.
const GMAIL_CLIPS_AT_BYTES = 102 * 1024;

const folders = readdirSync(join(import.meta.dirname, '../texts'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

let templates: Templates;
let campaigns: CampaignTemplates;
beforeAll(async () => {
  templates = await loadTemplates();
  campaigns = await loadCampaignTemplates();
});

test('every folder of texts is a template', () => {
  expect([...templateNames, ...campaignTemplateNames].sort()).toEqual(folders.sort());
});

describe.each([...templateNames, ...campaignTemplateNames])('%s with its sample data', (name) => {
  let mail: RenderedMail;
  beforeAll(() => {
    mail = isCampaignTemplate(name)
      ? thawSample(campaigns, name).mail
      : templates.renderMail(name, templates.sample(name));
  });

  test('has a subject in Russian, in one line', () => {
    expect(mail.subject).toMatch(/^[^\r\n]{10,100}$/);
    expect(mail.subject).toMatch(/[а-яё]/i);
  });

  test('leaves no Liquid and no MJML behind', () => {
    for (const part of [mail.subject, mail.html, mail.text]) {
      expect(part).not.toMatch(/\{\{|\{%|undefined|\[object|mj-include denied/);
    }
    expect(mail.html).not.toMatch(/<\/?mj/);
  });

  test('is laid out with tables, in Russian, for light and dark', () => {
    expect(mail.html).toMatch(/^<!doctype html>/);
    expect(mail.html).toContain('<html lang="ru"');
    expect(mail.html).toContain('<table');
    expect(mail.html).toContain('role="presentation"');
    expect(mail.html).toContain('<meta name="color-scheme" content="light dark"');
    expect(mail.html).toContain('@media (prefers-color-scheme: dark)');
    expect(mail.html.toLowerCase()).toContain('#00ff88');
    expect(mail.html).toContain('name="viewport"');
  });

  test('shows completely in Gmail and asks the network for nothing', () => {
    expect(Buffer.byteLength(mail.html)).toBeLessThan(GMAIL_CLIPS_AT_BYTES / 2);
    expect(mail.html).not.toMatch(
      /<img|<link|<script|<iframe|@import|url\(|\ssrc=|\sbackground="/i,
    );
  });

  test('starts with a preheader that an inbox list can show', () => {
    const preheader = /<body[^>]*>\s*<div style="display:none[^>]*>([^<]+)<\/div>/.exec(mail.html);
    expect(preheader?.[1]?.trim().length).toBeGreaterThan(30);
  });
});

describe.each(leadTemplateNames)('%s for a lead', (name) => {
  let mail: RenderedMail;
  beforeAll(() => {
    mail = templates.renderMail(name, templates.sample(name));
  });

  test('carries the link in both parts', () => {
    const { link } = templates.sample(name);
    expect(mail.html).toContain(`href="${link}"`);
    expect(mail.text).toContain(link);
    expect(mail.text).not.toMatch(/<[a-z/]|&nbsp;|&quot;/i);
  });

  test('links only to own addresses and the support mailbox', () => {
    const { link, supportEmail } = templates.sample(name);
    const targets = [...mail.html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(targets)).toEqual(new Set([link, `mailto:${supportEmail}`]));
  });

  test('has an SMS of one segment with the own short link', () => {
    const sample = templates.sample(name);
    const sms = templates.renderSms(name, sample);
    expect(sms).toMatchObject({ segments: 1, encoding: 'UCS-2' });
    expect(sms.text.length).toBeLessThanOrEqual(70);
    expect(sms.text).toContain(sample.shortLink);
    expect(sms.text.startsWith(sample.brand)).toBe(true);
  });

  test('gives the same bytes for the same data, also from newly read files', async () => {
    const again = await loadTemplates(join(import.meta.dirname, '../texts'));
    expect(again.renderMail(name, again.sample(name))).toEqual(mail);
  });

  test('offers to unsubscribe only where there is a way to', () => {
    const unsubscribeUrl = 'https://leadwire.kz/u/abc?x=1&y=2';
    const bulk = templates.renderMail(name, { ...templates.sample(name), unsubscribeUrl });
    expect(mail.html).not.toContain('Отписаться');
    expect(bulk.html).toContain('href="https://leadwire.kz/u/abc?x=1&amp;y=2"');
    expect(bulk.text).toContain(unsubscribeUrl);
  });
});

const messageTemplateNames = templateNames.filter(
  (name): name is Exclude<TemplateName, (typeof leadTemplateNames)[number]> =>
    !leadTemplateNames.some((each) => each === name),
);

describe.each(messageTemplateNames)('%s for somebody with an account', (name) => {
  let mail: RenderedMail;
  beforeAll(() => {
    mail = templates.renderMail(name, templates.sample(name));
  });

  test('links only to the address that it was given and to the support mailbox', () => {
    const sample = templates.sample(name);
    const targets = [...mail.html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]);
    const wanted = [`mailto:${sample.supportEmail}`, ...('link' in sample ? [sample.link] : [])];
    expect(new Set(targets)).toEqual(new Set(wanted));
    expect(mail.text).toContain('link' in sample ? sample.link : sample.brand);
    expect(mail.text).not.toMatch(/<[a-z/]|&nbsp;|&quot;/i);
  });

  test('says that it is about the account, and does not ask to be deleted or to be unsubscribed from', () => {
    for (const part of [mail.html.replaceAll('&nbsp;', ' '), mail.text]) {
      expect(part).toContain('служебное письмо о вашей учётной записи');
      expect(part).not.toMatch(/удалите письмо|Отписаться/);
    }
  });

  test('can be read without a name and without a support mailbox', () => {
    const bare = { ...templates.sample(name), name: '', supportEmail: null };
    const { html, text } = templates.renderMail(name, bare);
    expect(html + text).not.toContain('mailto:');
    expect(text).toMatch(/^Здравствуйте!\n/);
    expect(text.replace(/\s+/g, ' ')).toMatch(/тветьте на это письмо/);
  });

  test('has an SMS of one segment without a link, or none', () => {
    const sample = templates.sample(name);
    const sms = templates.hasSms(name) ? templates.renderSms(name, sample) : undefined;
    expect(sms === undefined).toBe(name === 'welcome' || name === 'email-changed-old');
    expect(sms?.segments ?? 1).toBe(1);
    expect(sms?.text ?? `${sample.brand}: `).toMatch(/^Leadwire: (?!.*http)/);
  });
});

test('a moment is told in the reader’s time, with its day', () => {
  const { text } = templates.renderMail('password-changed', templates.sample('password-changed'));
  expect(text).toContain('изменён: 27 ноября (пятница), 19:05 по времени Алматы');
});
