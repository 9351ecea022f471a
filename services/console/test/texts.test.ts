/** The editor of texts without a browser: what its form says, and what its page shows of it. */
import { describe, expect, test } from 'vitest';
import { ownTextSchema, type OwnText } from '@leadwire/templates/own-texts/own-text';
import { campaignTexts } from '../src/text-kinds.ts';
import { editorPage } from '../src/pages/texts/editor-page.ts';
import {
  moved,
  newContent,
  readWriting,
  asSaved,
  type Writing,
} from '../src/pages/texts/text-form.ts';

const content: OwnText = ownTextSchema.parse({
  mail: {
    subject: 'Ждём "в субботу"',
    preheader: 'В полдень',
    blocks: [
      { type: 'heading', text: 'Здравствуйте, {{ name }}!', level: 2 },
      { type: 'text', text: '\nЖдём </textarea><script>1</script>\nвас' },
      { type: 'button', text: 'Приду', url: 'https://leadwire-sample.kz/?a=1&b=2' },
      { type: 'list', items: ['раз', 'два'] },
      { type: 'divider' },
      { type: 'picture', url: 'https://leadwire-sample.kz/x.png', alt: 'Зал', link: '' },
      { type: 'note', text: 'Вход свободный' },
    ],
  },
  sms: 'Ждём {{ link }}',
});
const writing: Writing = { name: 'open-day', title: 'День', base: 3, content };
const pageOf = (shown: Writing) =>
  editorPage({
    place: campaignTexts.place,
    writing: shown,
    findings: [],
    sms: null,
    told: undefined,
    isNew: false,
  }).text;

/** What a browser would send of the page. */
function formOf(page: string): URLSearchParams {
  const plain = (text: string) =>
    text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&amp;', '&');
  const form = new URLSearchParams();
  for (const [whole, words] of page.matchAll(
    /<(?:input|textarea)\b[^>]*>(?:\n?([^<]*)<\/textarea)?/g,
  )) {
    const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(whole)?.[1];
    const name = attribute('name');
    if (name === undefined || attribute('type') === 'radio') continue;
    form.append(name, plain(words ?? attribute('value') ?? ''));
  }
  return form;
}

describe('the editor', () => {
  test('shows a text so that its form says the same text again, whatever was typed', () => {
    expect(readWriting(formOf(pageOf(writing)), 'open-day')).toEqual(writing);
  });

  test('shows nothing that was typed as markup', () => {
    expect(pageOf(writing)).not.toContain('<script>');
  });

  test('keeps MJML as it is', () => {
    const raw = {
      ...writing,
      content: {
        mail: { subject: 'a', preheader: '', mjml: '<mj-text>x</mj-text>', text: 'x' },
        sms: null,
      },
    };
    expect(readWriting(formOf(pageOf(raw)), 'open-day')).toEqual(raw);
  });

  test('moves, adds and drops blocks, and nothing else', () => {
    const blocks = content.mail && 'blocks' in content.mail ? content.mail.blocks : [];
    const types = (act: string) => moved(blocks.slice(0, 3), act).map(({ type }) => type);
    expect(types('up:1')).toEqual(['text', 'heading', 'button']);
    expect(types('up:0')).toEqual(['heading', 'text', 'button']);
    expect(types('down:2')).toEqual(['heading', 'text', 'button']);
    expect(types('drop:0')).toEqual(['text', 'button']);
    expect(types('add:list')).toEqual(['heading', 'text', 'button', 'list']);
    expect(types('add:video')).toEqual(['heading', 'text', 'button']);
  });

  test('an SMS beside a mail of which nobody wrote a word is an SMS alone', () => {
    const begun = { ...writing, content: { ...newContent(), sms: 'Ждём вас' } };
    const sent = readWriting(formOf(pageOf(begun)), 'open-day');
    expect(asSaved(sent)).toEqual({ ...begun, content: { mail: null, sms: 'Ждём вас' } });
    const { mail } = newContent();
    const subject = mail && { ...mail, subject: 'Ждём' };
    const written = { ...writing, content: { mail: subject, sms: 'Ждём вас' } };
    expect(asSaved(written)).toEqual(written);
    const fresh = { ...writing, content: newContent() };
    expect(asSaved(fresh)).toEqual(fresh);
  });
});
