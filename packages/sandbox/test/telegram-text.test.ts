import { describe, expect, test } from 'vitest';
import { formatted } from '../src/telegram/pages/message-view.ts';
import { readText, typedText } from '../src/telegram/store/text.ts';

const html = (text: string) =>
  readText(
    new Map([
      ['text', text],
      ['parse_mode', 'HTML'],
    ]),
  );
const plain = (text: string) => readText(new Map([['text', text]]));
const refusalOf = (work: () => unknown): string => {
  try {
    work();
    return 'no refusal';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('HTML is refused as Telegram refuses it', () => {
  const cannot = "Bad Request: can't parse entities: ";
  test.each([
    ['Итог<br>', 'Unsupported start tag "br" at byte offset 8'],
    ['😀<P>a</P>', 'Unsupported start tag "p" at byte offset 4'],
    ['a < b', 'Unsupported start tag "" at byte offset 2'],
    ['a <b', 'Unclosed start tag at byte offset 2'],
    ['<b>a', "Can't find end tag corresponding to start tag b"],
    ['<b>a <i>b</i>', "Can't find end tag corresponding to start tag b"],
    ['a</b>', 'Unexpected end tag at byte offset 1'],
    ['<b>Да</i>', 'Unmatched end tag at byte offset 7, expected "</b>", found "</i>"'],
    ['<b>a</b', 'Unclosed end tag at byte offset 4'],
    ['<a href="x', 'Unclosed start tag at byte offset 0'],
    [
      '<a href>x</a>',
      'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0',
    ],
    ['<a ="x">x</a>', 'Empty attribute name in the tag "a" at byte offset 0'],
    ['<a href=x/y>x</a>', 'Unexpected end of name token at byte offset 8'],
    ['<span class="red">x</span>', 'Tag "span" must have class "tg-spoiler" at byte offset 0'],
  ])('%j', (text, reason) => {
    expect(refusalOf(() => html(text))).toBe(cannot + reason);
  });
});

describe('a text is refused', () => {
  test.each([
    ['', 'Bad Request: message text is empty'],
    [' \n ', 'Bad Request: text must be non-empty'],
    ['<b></b>', 'Bad Request: text must be non-empty'],
    ['я'.repeat(4_097), 'Bad Request: message is too long'],
    [`<b>${'я'.repeat(4_097)}</b>`, 'Bad Request: message is too long'],
    ['я'.repeat(16_385), 'Bad Request: text is too long'],
  ])('%#: empty or too long', (text, reason) => {
    expect(refusalOf(() => html(text))).toBe(reason);
  });

  test('for a mode that there is not', () => {
    const params = new Map([
      ['text', 'a'],
      ['parse_mode', 'BBCode'],
    ]);
    expect(refusalOf(() => readText(params))).toBe('Bad Request: unsupported parse_mode');
  });
});

describe('a text is taken', () => {
  test('up to 4096 characters after parsing, an emoji being one', () => {
    expect([...html(`<b>${'😀'.repeat(4_096)}</b>`).text]).toHaveLength(4_096);
  });

  test.each([
    ['&lt;b&gt; &amp; &quot;', '<b> & "'],
    ['&#1071;&#x44F;', 'Яя'],
    ['&nbsp; & &lt без точки', '&nbsp; & < без точки'],
    ["<a href='https://leadwire.kz/?a=1&amp;b=2'>x</a>", 'x'],
    ['<blockquote expandable>длинно</blockquote>', 'длинно'],
    ['<B>a</b> <tg-spoiler>b</tg-spoiler> <span class="tg-spoiler">c</span>', 'a b c'],
    ['a\r\nb\u202ec\u0007d', 'a\nbc d'],
    ['  <i> a </i>  ', 'a'],
  ])('%j is read as %j', (source, text) => {
    expect(html(source).text).toBe(text);
  });

  test('with entities in UTF-16 units, the outer one first', () => {
    const { text, entities } = html(
      '😀 <b>Имя <i>Ә</i></b><pre><code class="language-ts">x</code></pre>',
    );
    expect(text).toBe('😀 Имя Әx');
    expect(entities).toEqual([
      { type: 'bold', offset: 3, length: 5 },
      { type: 'italic', offset: 7, length: 1 },
      { type: 'pre', offset: 8, length: 1, language: 'ts' },
    ]);
  });

  test('and links, phones, addresses, commands and tags in it are found', () => {
    const found = typedText(
      '/start@LeadwireBot a@pochta.kz +77051234567 https://kz.kz/x. #7b0f </b>',
    );
    expect(
      found.entities.map(({ type, offset, length }) => [
        type,
        found.text.slice(offset, offset + length),
      ]),
    ).toEqual([
      ['bot_command', '/start@LeadwireBot'],
      ['email', 'a@pochta.kz'],
      ['phone_number', '+77051234567'],
      ['url', 'https://kz.kz/x'],
      ['hashtag', '#7b0f'],
    ]);
  });

  test('but not inside code, and a link to anything but the web is no link', () => {
    const { entities } = html(
      '<code>+77051234567</code> <a href="tel:+77051234567">x</a> <a href="javascript:x()">y</a>',
    );
    expect(entities.map(({ type }) => type)).toEqual(['code']);
  });

  test('without parse_mode as it is written', () => {
    expect(plain('<b>a</b>')).toEqual({ text: '<b>a</b>', entities: [] });
  });
});

describe('drawn for a browser', () => {
  test('text is escaped, also inside entities and addresses', () => {
    const { text, entities } = html(
      '<b>&lt;script&gt;</b> <a href="https://kz.kz/&quot;onclick=x">a</a>',
    );
    expect(formatted(text, entities).markup).toBe(
      '<b>&lt;script&gt;</b> <a href="https://kz.kz/&quot;onclick=x" target="_blank" rel="noopener noreferrer">a</a>',
    );
  });

  test('entities given by the caller make no link that runs code, and may overlap', () => {
    const entities = [
      { type: 'text_link', offset: 0, length: 2, url: 'javascript:alert(1)' },
      { type: 'bold', offset: 0, length: 3 },
      { type: 'italic', offset: 2, length: 5 },
      { type: 'constructor', offset: 3, length: 1 },
    ];
    expect(formatted('abcdef', entities).markup).toBe('<b>ab</b><b><i>c</i></b><i>def</i>');
  });
});
