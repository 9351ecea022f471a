import { describe, expect, test } from 'vitest';
import { contactFor, readContacts } from '../src/contacts/contacts.ts';
import { readEmail, readEmails } from '../src/contacts/emails.ts';
import { readPhone, readPhones } from '../src/contacts/phones.ts';
import { suggestDomain } from '../src/contacts/typos.ts';

type Filled = { email?: string; phone?: string };

describe('a phone', () => {
  test.each([
    ['+7 (705) 123-45-67', '+77051234567'],
    ['87051234567', '+77051234567'],
    ['8 705 123 45 67', '+77051234567'],
    ['77051234567', '+77051234567'],
    ['7051234567', '+77051234567'],
    ['(705) 1234567', '+77051234567'],
    ['+8 705 123 45 67', '+77051234567'],
    ['007 705 123 45 67', '+77051234567'],
    ['\u00A0+7\u2011705\u2011123\u201145\u201167 ', '+77051234567'],
    ['тел. 8705 123 45 67', '+77051234567'],
    ['Звоните мне, пожалуйста, после шести вечера: 8 705 123 45 67', '+77051234567'],
    ['+7 705 123 45 67 (whatsapp)', '+77051234567'],
    ['79260000106', '+79260000106'],
    ['8 926 000 01 06', '+79260000106'],
    ['9260000106', '+79260000106'],
    ['+7 8 705 123 45 67', '+77051234567'],
    ['8 7О5 123 45 67', '+77051234567'],
    ['8705123456l', '+77051234561'],
    ['87051234567в', '+77051234567'],
    ['тел. (Kaspi): 8705 123 45 67', '+77051234567'],
    ['8 (8772) 52-11-22', '+78772521122'],
    ['+7 (843) 200-00-01', '+78432000001'],
    ['77051234567.0', '+77051234567'],
    ['77051234567,00', '+77051234567'],
    ['7.7051234567E+10', '+77051234567'],
    ['7,7051234567Е+10', '+77051234567'],
    ['="87051234567"', '+77051234567'],
    ["'+77051234567", '+77051234567'],
    ['8-705-123-45-67 доб. 5', '+77051234567'],
    ['＋７７０５１２３４５６７', '+77051234567'],
    ['+7 727 250 11 11', '+77272501111'],
    ['89161234567', '+79161234567'],
    ['+998 90 123 45 67', '+998901234567'],
    ['998901234567', '+998901234567'],
    ['+996 555 123456', '+996555123456'],
    ['+49 151 23456789', '+4915123456789'],
  ])('typed as %j is %s', (typed, e164) => {
    expect(readPhone(typed)).toEqual({ phone: e164, isUsable: true });
  });

  test.each([
    ['+7 705 123 45 6', 'a digit short'],
    ['+7 705 123 45 678', 'a digit too many'],
    ['8705123456', 'a digit short behind the trunk prefix'],
    ['12345', 'five digits'],
    ['877О51234567', 'a digit too many with a letter for a digit'],
  ])('typed as %j is kept as typed: %s', (typed) => {
    expect(readPhone(typed)).toEqual({ phone: typed, issue: 'phone_invalid', isUsable: true });
  });

  test.each(['+7 (___) ___-__-__', 'нет', '1e+21', '1234'])(
    'typed as %j is kept, but reaches nobody',
    (typed) => {
      expect(readPhone(typed)).toEqual({ phone: typed, issue: 'phone_invalid', isUsable: false });
    },
  );

  test.each(['+7 (877) 705-00-01', '+7 (870) 500-00-01', '78747000001', '+7 (892) 600-00-01'])(
    'typed as %j was begun with 8 in a mask, which cut off its last digit',
    (phone) => {
      const read = { phone, issue: 'phone_invalid', damage: 'mask', isUsable: true };
      expect(readPhone(phone)).toEqual(read);
      expect(readPhones(phone)).toEqual([]);
    },
  );

  test('that a spreadsheet rounded is named so', () => {
    const phone = '7.70512E+10';
    const read = { phone, issue: 'phone_invalid', damage: 'spreadsheet', isUsable: true };
    expect(readPhone(phone)).toEqual(read);
  });

  test.each([
    ['87050000110, 87770000110', ['+77050000110', '+77770000110']],
    ['87050000110 87770000110', ['+77050000110', '+77770000110']],
    ['+77050000110+77770000110', ['+77050000110', '+77770000110']],
    ['8 705 000 01 10 или 8 777 000 01 10', ['+77050000110', '+77770000110']],
    ['8 705 000 01 10\n8 705 000 01 10', ['+77050000110']],
    ['+7 (877) 705-00-01, 8 705 000 01 10', ['+77050000110']],
    ['8 7172 55 55 55; 8 705 000 01 10', ['+77172555555', '+77050000110']],
    ['нет', []],
  ])('field with %j has the numbers %j', (typed, numbers) => {
    expect(readPhones(typed)).toEqual(numbers);
  });

  test('of several is the first mobile one, and all are kept beside it', () => {
    const asTyped = '8 7172 55 55 55; 8 705 000 01 10';
    expect(readPhone(asTyped)).toEqual({ phone: '+77050000110', asTyped, isUsable: true });
  });

  test.each(['', '   ', '\u200B\r\n'])('typed as %j is missing', (typed) => {
    expect(readPhone(typed)).toEqual({ phone: null, issue: 'phone_missing', isUsable: false });
  });

  test('that is no number is cut at 40 characters and cleaned', () => {
    expect(readPhone(`call me\r\n${'9'.repeat(500)}`).phone).toBe(`call me ${'9'.repeat(32)}`);
  });
});

describe('an email', () => {
  test.each([
    ['aigerim@mail.kz', 'aigerim@mail.kz'],
    ['  Aigerim.S+test@Mail.KZ ', 'Aigerim.S+test@mail.kz'],
    ['mailto:aigerim@mail.kz', 'aigerim@mail.kz'],
    ['aigerim@mail.kz.', 'aigerim@mail.kz'],
    ['\u200Baigerim@mail.kz\u00AD', 'aigerim@mail.kz'],
    ['info@почта.рф', 'info@xn--80a1acny.xn--p1ai'],
    ["o'neil_99@mail.kz", "o'neil_99@mail.kz"],
  ])('typed as %j is %s', (typed, email) => {
    expect(readEmail(typed)).toEqual({ email, isUsable: true });
  });

  test.each([
    ['aigerim@mail,kz', 'aigerim@mail.kz'],
    ['aigerim.s @mail.kz', 'aigerim.s@mail.kz'],
    ['aigerim @ mail . kz', 'aigerim@mail.kz'],
    ['aigerim@mail kz', 'aigerim@mail.kz'],
    ['aigerim@mail..kz', 'aigerim@mail.kz'],
    ['aigerim@@mail.kz', 'aigerim@mail.kz'],
    ['aigerim(at)mail.kz', 'aigerim@mail.kz'],
    ['аigerim@mаil.kz', 'aigerim@mail.kz'],
    ['aigerim@mail.кз', 'aigerim@mail.kz'],
    ['Айгерим <aigerim@mail.kz>', 'aigerim@mail.kz'],
    ['"Aigerim S." <aigerim@mail.kz>', 'aigerim@mail.kz'],
    ['Айгерим aigerim@mail.kz', 'aigerim@mail.kz'],
    ['87051234567 aigerim@mail.kz', 'aigerim@mail.kz'],
    ['a@mail.kz, b@mail.kz', 'a@mail.kz'],
    ['aigerim@mail.kz\r\nBcc: everybody@mail.kz', 'aigerim@mail.kz'],
  ])('typed as %j is mended to %s, and kept beside as it was', (typed, email) => {
    const asTyped = typed.replace('\r\n', ' ');
    expect(readEmail(typed)).toEqual({ email, asTyped, isUsable: true });
  });

  test.each([
    ['a@mail.kz, b@mail.kz; c@mail.kz', ['a@mail.kz', 'b@mail.kz', 'c@mail.kz']],
    ['А <a@mail.kz>, Б <b@mail.kz>', ['a@mail.kz', 'b@mail.kz']],
    ['a@mail.kz a@mail.kz', ['a@mail.kz']],
    ['a@mail', []],
  ])('field with %j has the addresses %j', (typed, addresses) => {
    expect(readEmails(typed)).toEqual(addresses);
  });

  test.each([
    'aigerim',
    'aigerim@',
    '@mail.kz',
    'aigerim@mail',
    'ai gerim@mail.kz',
    'aigerim@mail.k z',
    'aigerim,s@mail.kz',
    '<script>@mail.kz',
    'айгерим@mail.kz',
    'a..b@mail.kz',
    `${'a'.repeat(65)}@mail.kz`,
  ])('typed as %j is no address, and kept beside', (typed) => {
    expect(readEmail(typed)).toMatchObject({ email: null, issue: 'email_invalid' });
    expect(readEmail(typed).asTyped).toContain(typed.slice(0, 5));
  });

  test('over 254 characters is no address', () => {
    expect(readEmail(`a@${'b.'.repeat(200)}kz`)).toMatchObject({ issue: 'email_invalid' });
  });

  test.each(['', ' \t'])('typed as %j is missing', (typed) => {
    expect(readEmail(typed)).toEqual({ email: null, issue: 'email_missing', isUsable: false });
  });

  test('with a suspicious domain is kept, flagged and comes with a suggestion', () => {
    expect(readEmail('Aigerim@GAMIL.com')).toEqual({
      email: 'Aigerim@gamil.com',
      issue: 'email_typo_suspected',
      suggestion: 'Aigerim@gmail.com',
      isUsable: true,
    });
  });

  test.each([
    ['ai gerim@mail.kz', true],
    ['айгерим@mail.kz', true],
    ['aigerim', false],
    ['aigerim@', false],
    ['@', false],
  ])('typed as %j lets somebody guess: %j', (typed, isUsable) => {
    expect(readEmail(typed).isUsable).toBe(isUsable);
  });
});

describe('a form with its two fields', () => {
  test.each([
    [{ email: '8 705 123 45 67', phone: '' }, { phone: '+77051234567' }],
    [{ email: '', phone: 'a@mail.kz' }, { email: 'a@mail.kz' }],
    [
      { email: '87051234567', phone: 'a@mail.kz' },
      { email: 'a@mail.kz', phone: '+77051234567' },
    ],
    [{ email: 'a@mail.kz', phone: '8 705 123 45 6' }, { email: 'a@mail.kz' }],
    [{ email: 'a7051234567@mail', phone: 'нет' }, {}],
  ])('%j is read where people put it', (typed, { email, phone }: Filled) => {
    const { address, number } = readContacts(typed);
    expect(address.email ?? undefined).toBe(email);
    expect(number.issue === undefined ? number.phone : undefined).toBe(phone);
  });

  test('loses no number that was typed where another one is taken', () => {
    const { number } = readContacts({ email: '8 705 123 45 67', phone: '8 701 000 00 0' });
    expect(number).toMatchObject({ phone: '+77051234567', asTyped: '8 701 000 00 0' });
  });
});

describe('a mail domain', () => {
  test.each([
    ['gamil.com', 'gmail.com'],
    ['gmial.com', 'gmail.com'],
    ['gmai.com', 'gmail.com'],
    ['gmaill.com', 'gmail.com'],
    ['gnail.com', 'gmail.com'],
    ['gmail.con', 'gmail.com'],
    ['gmail.co', 'gmail.com'],
    ['gmail.ru', 'gmail.com'],
    ['mal.ru', 'mail.ru'],
    ['maill.ru', 'mail.ru'],
    ['mali.ru', 'mail.ru'],
    ['mail.ry', 'mail.ru'],
    ['mailru', 'mail.ru'],
    ['yndex.ru', 'yandex.ru'],
    ['yadnex.ru', 'yandex.ru'],
    ['inbx.ru', 'inbox.ru'],
    ['iclod.com', 'icloud.com'],
    ['outlok.com', 'outlook.com'],
    ['hotmial.com', 'hotmail.com'],
  ])('%s is probably %s', (typed, meant) => {
    expect(suggestDomain(typed)).toBe(meant);
  });

  test.each([
    ...['mail.ru', 'bk.ru', 'inbox.ru', 'list.ru', 'internet.ru', 'yandex.ru', 'ya.ru'],
    ...['yandex.kz', 'yandex.com', 'yandex.by', 'gmail.com', 'googlemail.com', 'icloud.com'],
    ...['me.com', 'mac.com', 'outlook.com', 'hotmail.com', 'live.com', 'yahoo.com', 'ymail.com'],
    ...['mail.kz', 'mail.ua', 'mail.com', 'email.kz', 'rambler.ru', 'vk.com', 'proton.me'],
    ...['kaspi.kz', 'halykbank.kz', 'bi.group', 'kbtu.kz', 'nu.edu.kz', 'iitu.edu.kz', 'kcell.kz'],
    ...[
      'beeline.kz',
      'tele2.kz',
      'magnum.kz',
      'rail.kz',
      'nail.kz',
      'mami.kz',
      'mts.ru',
      'life.ru',
    ],
    ...['freedom.kz', 'narxoz.kz', 'gmx.de', 'constructor', '__proto__'],
  ])('%s is taken for what it is', (domain) => {
    expect(suggestDomain(domain)).toBeUndefined();
  });
});

describe('a contact of a campaign', () => {
  test.each([
    ['email', ' Anna.S@Mail.KZ ', { contact: 'anna.s@mail.kz' }],
    ['email', 'anna@gamil.com', { contact: 'anna@gamil.com' }],
    ['email', 'anna', { reason: 'contact_invalid' }],
    ['email', ' ', { reason: 'contact_missing' }],
    ['sms', '8 705 123 45 67', { contact: '+77051234567' }],
    ['sms', '8 705 123 45 6', { reason: 'contact_invalid' }],
    ['sms', '7.70512E+10', { reason: 'phone_rounded' }],
    ['sms', '+7 (877) 705-00-01', { reason: 'phone_cut_by_mask' }],
    ['sms', '', { reason: 'contact_missing' }],
  ] as const)('for %s, typed as %j', (channel, typed, expected) => {
    expect(contactFor(channel, typed)).toEqual(expected);
  });
});
