import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { loadTemplates } from '../src/templates.ts';

const TEXTS = join(import.meta.dirname, '../texts');

describe('a text file with a mistake stops the start', () => {
  const mistakes: [string, string, string, RegExp][] = [
    [
      'an unclosed tag',
      'proftest-result/mail.txt',
      '{% if name %}',
      /^proftest-result\/mail\.txt: .*not closed/,
    ],
    [
      'an unknown variable',
      'proftest-result/mail.txt',
      '{% if link == "" %}{{ nmae }}{% endif %}',
      /^proftest-result\/mail\.txt: no variable "nmae"; there are .*name/,
    ],
    [
      'a stranger in a subject',
      'proftest-result/subject.txt',
      '{{ name }}, ваш результат готов',
      /^proftest-result\/subject\.txt: no variable "name"; there are /,
    ],
    [
      'an unknown filter',
      'proftest-result/subject.txt',
      '{{ brand | shout }}',
      /^proftest-result\/subject\.txt: undefined filter: shout/,
    ],
    [
      'a value past the escaping',
      'course-purchase/mail.mjml',
      '<mj-text>{{ course | raw }}</mj-text>',
      /^course-purchase\/mail\.mjml: undefined filter: raw/,
    ],
    [
      'a text that changes with the day',
      'course-purchase/mail.txt',
      '{{ "now" | date: "%Y" }}',
      /^course-purchase\/mail\.txt: undefined filter: date/,
    ],
    [
      'a lead in a link',
      'course-purchase/mail.mjml',
      '<mj-button href="{{ course }}">x</mj-button>',
      /^course-purchase\/mail\.mjml: \{\{ course \}\} may not stand inside a tag/,
    ],
    [
      'wrong MJML',
      'course-purchase/mail.mjml',
      '<mj-txt>x</mj-txt>',
      /^course-purchase\/mail\.mjml or layout\.mjml: .*mj-txt/s,
    ],
    [
      'a lead in an SMS',
      'course-purchase/sms.txt',
      '{{ name }} {{ shortLink }}',
      /^course-purchase\/sms\.txt: no variable "name"; there are brand, shortLink/,
    ],
    [
      'a sample that is no JSON',
      'course-purchase/sample.json',
      '{',
      /^course-purchase\/sample\.json: is not valid JSON/,
    ],
    [
      'a sample without a variable',
      'course-purchase/sample.json',
      '{}',
      /^course-purchase\/sample\.json: brand: /,
    ],
  ];

  test.each(mistakes)('%s', async (_what, file, content, message) => {
    await withCopyOfTexts(async (folder) => {
      const isMjml = file.endsWith('.mjml') && content.startsWith('<');
      const body = `<mj-section><mj-column>${content}</mj-column></mj-section>`;
      await writeFile(join(folder, file), isMjml ? body : content);
      await expect(loadTemplates(folder)).rejects.toThrow(message);
    });
  });

  test('a missing file', async () => {
    await withCopyOfTexts(async (folder) => {
      await rm(join(folder, 'course-purchase/subject.txt'));
      await expect(loadTemplates(folder)).rejects.toThrow(
        'course-purchase/subject.txt: cannot be read',
      );
    });
  });

  test('a folder that the code knows nothing of, and a template without a folder', async () => {
    await withCopyOfTexts(async (folder) => {
      await cp(join(folder, 'course-purchase'), join(folder, 'spring-sale'), { recursive: true });
      await expect(loadTemplates(folder)).rejects.toThrow('spring-sale: this folder has no schema');
      await rm(join(folder, 'spring-sale'), { recursive: true });
      await rm(join(folder, 'course-purchase'), { recursive: true });
      await expect(loadTemplates(folder)).rejects.toThrow(
        'course-purchase: there is no such template',
      );
    });
  });

  test('a template may do without an SMS', async () => {
    await withCopyOfTexts(async (folder) => {
      await rm(join(folder, 'course-purchase/sms.txt'));
      const mailOnly = await loadTemplates(folder);
      const sample = mailOnly.sample('course-purchase');
      expect(mailOnly.renderMail('course-purchase', sample).subject).not.toBe('');
      expect(() => mailOnly.renderSms('course-purchase', sample)).toThrow(
        'course-purchase: this template has no SMS',
      );
    });
  });
});

async function withCopyOfTexts(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'leadwire-texts-'));
  try {
    await cp(TEXTS, folder, { recursive: true });
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
