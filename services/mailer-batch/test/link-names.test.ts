import { expect, test } from 'vitest';
import { linkMark } from '@leadwire/shared/delivery/link-mark';
import type { ThawedCampaign } from '@leadwire/templates/frozen-campaign';
import { linkNames } from '../src/reports/link-names.ts';

const AT = new Date('2026-11-20T10:00:00Z');

/** A text with one link for everybody, one with a person's code in it, and the one to unsubscribe. */
const texts: Pick<ThawedCampaign, 'mail'> = {
  mail({ variables, unsubscribeUrl }) {
    const code = String(variables['code']);
    const html = `<link href="https://fonts.example/x.css"><p>
      <a style="color:red" href="https://leadwire-sample.kz/?a=1&amp;b=2">Всё</a>
      ${code === '' ? '' : `<a href="https://leadwire-sample.kz/gift/${code}">Подарок</a>`}
      <a href="${unsubscribeUrl ?? ''}">Отписаться</a></p>`;
    return { subject: '', html, text: '' };
  },
};

const namesFor = (code: string) =>
  linkNames(texts, { name: 'Дана', variables: { code }, at: AT }, 'https://leadwire.kz/u/token');

test('a link is called as it stands in the text, and nothing of a person’s is in its name', () => {
  const names = namesFor('dana-17');
  expect(names.get(linkMark('https://leadwire-sample.kz/?a=1&b=2'))).toBe(
    'https://leadwire-sample.kz/?a=1&b=2',
  );
  expect(names.get(linkMark('https://leadwire-sample.kz/gift/dana-17'))).toBe(
    'https://leadwire-sample.kz/gift/{{ code }}',
  );
  expect(names.get(linkMark('https://leadwire.kz/u/token'))).toBe('unsubscribe');
  expect(names.size).toBe(3);
  expect(JSON.stringify([...names.values()])).not.toMatch(/dana|token/);
});

test('of a mail that has other links for other people only those that everybody has are known', () => {
  expect([...namesFor('').values()]).toEqual([
    'https://leadwire-sample.kz/?a=1&b=2',
    'unsubscribe',
  ]);
});

test('an address has one mark however it is written, and the mark says nothing of it', () => {
  expect(linkMark(' https://Leadwire-Sample.kz ')).toBe(linkMark('https://leadwire-sample.kz/'));
  expect(linkMark('https://leadwire.kz/u/token')).toMatch(/^[0-9a-f]{32}$/);
});
