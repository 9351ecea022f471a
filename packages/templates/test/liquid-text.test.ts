import { describe, expect, test } from 'vitest';
import { createLiquid, parseLiquid } from '../src/liquid-text.ts';

const view = { brand: 'Мектеп & Ко', steps: ['раз', 'два'], name: 'Айгерим', link: null };
const other = { ...view, name: null, link: 'https://leadwire.kz/u/1' };
const open = ['name', 'link'];

/** A text before and after everything but the person's own is filled in. */
function both(source: string) {
  const text = parseLiquid(createLiquid('html'), 'mail.txt', source);
  return { text, filled: text.fillIn(view, open) };
}

describe('a text that is filled in for many people', () => {
  test.each([
    '<p>{{ brand }}</p>{% for step in steps %}<li>{{ step }}{% if name %}, {{ name }}{% endif %}</li>{% endfor %}',
    '{{ brand }}{% if name %}Здравствуйте, {{ name }}!{% else %}Здравствуйте!{% endif %}{{ brand | upcase }}',
    '{%- unless link -%} нет {%- endunless -%} {{ brand }} {{ link }}',
    '{% assign who = name %}{{ brand }}{{ who }}',
    '{% for step in steps limit: 1 %}{{ step }}{% endfor %}{{ name }}{% for step in steps offset: continue %}{{ step }}{% endfor %}',
  ])('has the bytes that it has without: %s', (source) => {
    const { text, filled } = both(source);
    for (const each of [view, other]) expect(filled.render(each)).toBe(text.render(each));
  });

  test('keeps what is everybody’s as it was, and takes what is a person’s anew', () => {
    const { filled } = both('{{ brand }} {{ name }}');
    expect(filled.render({ name: 'Данияр' })).toBe('Мектеп &amp; Ко Данияр');
  });

  test('names its file when a value is missing', () => {
    const text = parseLiquid(createLiquid('text'), 'mail.txt', '{{ nobody }}');
    expect(() => text.fillIn(view, open)).toThrow('mail.txt: undefined variable: nobody');
  });
});
