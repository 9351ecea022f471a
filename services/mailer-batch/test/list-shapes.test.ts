/** Lists as spreadsheets, CRMs and forms write them: whatever the shape, the same person. */
import { describe, expect, test } from 'vitest';
import type { NamedColumns } from '../src/audience/audience-columns.ts';
import { readCsv, type BrokenRow } from '../src/audience/audience-csv.ts';
import { readAudience } from '../src/audience/audience.ts';

async function read(
  csv: string | Buffer,
  channel: 'email' | 'sms',
  { named = {}, exclude = [] }: { named?: NamedColumns; exclude?: string[] } = {},
) {
  const broken: BrokenRow[] = [];
  const needed = channel === 'email' ? 'email' : 'phone';
  const list = readCsv(Buffer.from(csv), needed, (row) => broken.push(row), named);
  const readVariables = () => ({ variables: {} });
  return readAudience(list, { channel, exclude, broken, readVariables });
}

async function people(...given: Parameters<typeof read>) {
  const { people: found, broken } = await read(...given);
  expect(broken).toEqual([]);
  return found.map(({ name, contact }) => `${name ?? '–'} ${contact}`);
}

const MAIL = 'aisulu@mail.leadwire-sample.kz';

/** The bytes of a text in an alphabet of one byte a letter, by the decoder's own table. */
function inAlphabet(name: string): (text: string) => Buffer {
  const letters = new TextDecoder(name).decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  return (text) => Buffer.from([...text].map((letter) => letters.indexOf(letter)));
}

const encodings: Record<string, (text: string) => Buffer> = {
  'UTF-8': (text) => Buffer.from(text),
  'UTF-8 with a BOM': (text) => Buffer.from(`\uFEFF${text}`),
  'UTF-16': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le'),
  'UTF-16 the other way round': (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16(),
  'UTF-16 without a BOM': (text) => Buffer.from(text, 'utf16le'),
  'Windows-1251': inAlphabet('windows-1251'),
  'Mac Cyrillic': inAlphabet('x-mac-cyrillic'),
};
const headers: [name: string, email: string, phone: string][] = [
  ['name', 'email', 'phone'],
  ['Имя', 'Почта', 'Телефон'],
  ['Full Name', 'E-mail 1 - Value', 'Phone 1 - Value'],
  ['Как вас зовут, полностью?', 'Адрес электронной почты', 'Ваш номер телефона (WhatsApp)'],
  ['Ваше имя', 'Личный email', 'Мобильный телефон'],
];

const ends = ['\n', '\r\n', '\r'];

describe.each(Object.entries(encodings))('a list in %s', (encoding, encode) => {
  test.each([',', ';', '\t', '|'])('with %j between its cells', async (delimiter) => {
    for (const [index, header] of headers.entries()) {
      const rows = [
        header,
        ['Айсулу Проба', MAIL, '8 (705) 000-01-02'],
        ['Ержан', 'erzhan@mail.leadwire-sample.kz', '+7 700 000 01 03'],
      ];
      const line = (cells: string[]) =>
        cells.map((cell) => (cell.includes(delimiter) ? `"${cell}"` : cell)).join(delimiter);
      // Every line end with every encoding, delimiter and header, though not with all three at once.
      const end = ends[(index + encoding.length + delimiter.charCodeAt(0)) % 3] ?? '\n';
      const csv = encode(rows.map(line).join(end) + end);
      expect(await people(csv, 'email')).toEqual([
        `Айсулу Проба ${MAIL}`,
        'Ержан erzhan@mail.leadwire-sample.kz',
      ]);
      expect(await people(csv, 'sms')).toEqual(['Айсулу Проба +77050000102', 'Ержан +77000000103']);
    }
  });
});

describe('a list from the field', () => {
  test.each([
    [
      'AmoCRM, with two phone columns',
      `\uFEFFИмя;Рабочий телефон;Мобильный телефон;Рабочий email\nАйсулу;;77050000102;${MAIL}\n`,
    ],
    [
      'Google Contacts',
      `Name,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value\nАйсулу,Home,${MAIL},Mobile,+7 705 000 01 02\n`,
    ],
    [
      'Google Forms, with questions as headers',
      `Отметка времени,Как вас зовут?,Ваш номер телефона (WhatsApp),Адрес электронной почты\n01.11.2026,Айсулу,8 705 000 01 02,${MAIL}\n`,
    ],
    [
      'Facebook',
      `id\tad_name\tcampaign_name\tform_name\temail\tfull_name\tphone_number\nl:1\tРеклама\tОсень\tФорма\t${MAIL}\tАйсулу\tp:+77050000102\n`,
    ],
    ['pandas', `Имя;Телефон;Почта\nАйсулу;77050000102.0;${MAIL}\n`],
    ['Excel, with phones kept as text', `Имя;Телефон;Почта\nАйсулу;="87050000102";${MAIL}\n`],
    ['our own report', `Имя;Телефон;Почта\nАйсулу;'+77050000102;${MAIL}\n`],
    ['an address book', `Имя;Телефон;Почта\nАйсулу;8 705 000 01 02;"Айсулу <${MAIL}>"\n`],
    [
      'somebody careful',
      `Имя;Телефон;Почта\nАйсулу;"8 705 000 01 02, 8 700 000 01 03";<${MAIL}>\n`,
    ],
  ])('of %s is read', async (_whose, csv) => {
    expect(await people(csv, 'email')).toEqual([`Айсулу ${MAIL}`]);
    expect(await people(csv, 'sms')).toEqual(['Айсулу +77050000102']);
  });

  test('with a number of Russia without its plus', async () => {
    expect(await people('Имя;Телефон\nОльга;79260000106\n', 'sms')).toEqual(['Ольга +79260000106']);
  });

  test('with an address in angle brackets', async () => {
    const csv = 'Имя;Почта\nБорис;<boris@mail.leadwire-sample.kz>\n';
    expect(await people(csv, 'email')).toEqual(['Борис boris@mail.leadwire-sample.kz']);
  });
});

describe('of several columns', () => {
  const csv =
    'Имя;Почта;Личный email;Рабочий телефон;Мобильный\n' +
    `Анна;;a@mail.leadwire-sample.kz;8 7172 00 00 00;8 700 000 00 01\n` +
    `Борис;нет;b@mail.leadwire-sample.kz;;8 700 000 00 02\n`;

  test('the first that can be written to is taken, and for an SMS a mobile one', async () => {
    expect(await people(csv, 'email')).toEqual([
      'Анна a@mail.leadwire-sample.kz',
      'Борис b@mail.leadwire-sample.kz',
    ]);
    expect(await people(csv, 'sms')).toEqual(['Анна +77000000001', 'Борис +77000000002']);
  });

  test('each excludes the person', async () => {
    const exclude = ['87172000000', '+7 700 000 00 02'];
    const { leftOut } = await read(csv, 'email', { exclude });
    expect(leftOut.map(({ reason }) => reason)).toEqual([
      'excluded_by_campaign',
      'excluded_by_campaign',
    ]);
  });
});

describe('a column that somebody names', () => {
  const csv = `Кто;Куда;Имя\nАйсулу;${MAIL};Курс\n`;

  test('counts before those that are known', async () => {
    const named = { name: 'кто', email: 'Куда' };
    expect(await people(csv, 'email', { named })).toEqual([`Айсулу ${MAIL}`]);
  });

  test('that is not there is told', async () => {
    const { broken } = await read(csv, 'email', { named: { email: 'Адрес' } });
    expect(broken).toEqual([
      { row: 1, reason: 'no column «Адрес» for the email; the header has Кто, Куда, Имя' },
    ]);
  });
});

describe('a name', () => {
  test.each([
    ['Айг?рим', 'letters lost'],
    ['?йг?рім', 'letters lost'],
    ['РђРЅРЅР°', 'read in the wrong encoding'],
    ['nan', 'nothing'],
    ['#N/A', 'nothing'],
    ['—', 'nothing'],
    ['87050000102', 'a phone'],
    ['a@mail.kz', 'an address'],
  ])('%j is not greeted: %s', async (typed, why) => {
    const { people: found, notes } = await read(`Имя;Почта\n${typed};${MAIL}\n`, 'email');
    expect(found).toMatchObject([{ name: null }]);
    const isGarbled = why === 'letters lost' || why === 'read in the wrong encoding';
    expect(notes).toMatchObject({
      nameless: 1,
      garbledNames: isGarbled ? { count: 1, rows: [2] } : { count: 0, rows: [] },
    });
  });

  test.each(['Анна', 'Әсел Ұлы', 'O’Neil', 'Jürgen', 'Ли', 'Анна-Мария (мама)', 'РСФСР'])(
    '%j is greeted',
    async (typed) => {
      const { people: found } = await read(`Имя;Почта\n${typed};${MAIL}\n`, 'email');
      expect(found).toMatchObject([{ name: typed }]);
    },
  );
});

test('likely slips in addresses are counted, with their rows', async () => {
  const csv = 'Почта\nanna@gamil.com\nboris@mail.ru\nvera@mal.ru\n';
  const { notes, people: found } = await read(csv, 'email');
  expect(found).toHaveLength(3);
  expect(notes).toEqual({
    nameless: 3,
    garbledNames: { count: 0, rows: [] },
    typos: {
      count: 2,
      rows: [
        { row: 2, domain: 'gamil.com', probably: 'gmail.com' },
        { row: 4, domain: 'mal.ru', probably: 'mail.ru' },
      ],
    },
  });
});
