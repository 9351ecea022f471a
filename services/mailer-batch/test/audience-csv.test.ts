import { describe, expect, test } from 'vitest';
import type { NamedColumns } from '../src/audience/audience-columns.ts';
import { readCsv, type BrokenRow, type ListedPerson } from '../src/audience/audience-csv.ts';

async function read(
  csv: string | Buffer,
  needed: 'email' | 'phone' = 'email',
  named: NamedColumns = {},
) {
  const people: ListedPerson[] = [];
  const broken: BrokenRow[] = [];
  const bytes = typeof csv === 'string' ? Buffer.from(csv) : csv;
  const list = readCsv(bytes, needed, (row) => broken.push(row), named);
  for await (const person of list) people.push(person);
  return { people, broken };
}

const anna = { row: 2, name: 'Анна', email: 'anna@mail.kz', phone: '+77051234567', fields: {} };

describe('a CSV', () => {
  test.each([
    ['with commas', 'name,email,phone\nАнна,anna@mail.kz,+77051234567\n'],
    ['with semicolons', 'name;email;phone\r\nАнна;anna@mail.kz;+77051234567\r\n'],
    ['with tabs', 'name\temail\tphone\nАнна\tanna@mail.kz\t+77051234567'],
    ['in another order', 'phone,name,email\n+77051234567,Анна,anna@mail.kz'],
    ['with a BOM', '\uFEFFemail;name;phone\nanna@mail.kz;Анна;+77051234567'],
    ['with quotes', '"name","email","phone"\n"Анна","anna@mail.kz","+77051234567"'],
    ['with a BOM and quotes', '\uFEFF"email";"name";"phone"\n"anna@mail.kz";"Анна";"+77051234567"'],
    ['with old Mac line ends', 'name;email;phone\rАнна;anna@mail.kz;+77051234567\r'],
    ['in Russian', 'Имя;Эл. почта;Номер телефона\nАнна;anna@mail.kz;+77051234567'],
    [
      'in Russian with hyphens and ё',
      'ФИО;E-mail;Моб. телефон'.replace('Моб. ', '') + '\nАнна;anna@mail.kz;+77051234567',
    ],
    ['in Kazakh', 'Аты-жөні;Электрондық пошта;Телефон нөмірі\nАнна;anna@mail.kz;+77051234567'],
    ['with empty columns at the end', 'name,email,phone,,\nАнна,anna@mail.kz,+77051234567,,\n'],
  ])('%s is read', async (_how, csv) => {
    expect(await read(csv)).toEqual({ people: [anna], broken: [] });
  });

  test('may begin with Excel’s sep= line, which counts as a row', async () => {
    const { people } = await read('sep=;\r\nname;email;phone\r\nАнна;anna@mail.kz;+77051234567');
    expect(people).toEqual([{ ...anna, row: 3 }]);
  });

  test('may be in Windows-1251 or UTF-16, as Excel saves it', async () => {
    const text = 'name;email;phone\nАнна;anna@mail.kz;+77051234567\n';
    const utf16 = Buffer.from(`\uFEFF${text}`, 'utf16le');
    const windows = Buffer.from(
      [...text].map((c) => (/[А-я]/.test(c) ? c.charCodeAt(0) - 0x350 : c.charCodeAt(0))),
    );
    expect(await read(utf16)).toEqual({ people: [anna], broken: [] });
    expect(await read(utf16.swap16())).toEqual({ people: [anna], broken: [] });
    expect(await read(windows)).toEqual({ people: [anna], broken: [] });
  });

  test('keeps its other columns by their header, and may have lines without anything', async () => {
    const csv =
      'email,link,Город\n\n a@mail.kz ,https://leadwire.kz/1,"Алматы, центр"\n,,\nb@mail.kz,,\n';
    const { people, broken } = await read(csv);
    expect(broken).toEqual([]);
    expect(people).toEqual([
      {
        row: 3,
        name: '',
        email: ' a@mail.kz ',
        phone: '',
        fields: { link: 'https://leadwire.kz/1', Город: 'Алматы, центр' },
      },
      { row: 5, name: '', email: 'b@mail.kz', phone: '', fields: { link: '', Город: '' } },
    ]);
  });

  test('takes quotes inside a cell as they are', async () => {
    const { people, broken } = await read(
      'name;email\nАнна "Аня" Ким;a@mail.kz\n"ООО ""Ромашка""";b@mail.kz',
    );
    expect(people.map(({ name }) => name)).toEqual(['Анна "Аня" Ким', 'ООО "Ромашка"']);
    expect(broken).toEqual([]);
  });
});

describe('what cannot be read is told with its row and why', () => {
  test('rows with too few or too many columns, the others are read all the same', async () => {
    const { people, broken } = await read(
      'name;email\nАнна;a@mail.kz\nБорис\nВера;v@mail.kz;лишнее\nГлеб;g@mail.kz\n',
    );
    expect(people.map(({ row }) => row)).toEqual([2, 5]);
    expect(broken).toEqual([
      { row: 3, reason: '1 columns where the header has 2' },
      { row: 4, reason: '3 columns where the header has 2' },
    ]);
  });

  test.each([
    ['an empty file', '', 1, 'there is no header'],
    ['blank lines only', '\n\n \n', 1, 'there is no header'],
    [
      'no header',
      'anna@mail.kz;Анна\nb@mail.kz;Борис',
      1,
      /no column for the email; the header has contacts/,
    ],
    [
      'no column for the channel',
      'name;phone\nАнна;1',
      1,
      'no column for the email; the header has name, phone',
    ],
    ['nothing but a header', 'name;email\r\n', 1, 'there is nobody under the header'],
    ['a header over empty rows', 'name;email\n;\n;\n', 3, 'there is nobody under the header'],
    ['no text at all', '\u0000\u0001\u0002', 1, 'the file is not text'],
    [
      'an unclosed quote at the end',
      'name;email\nАнна;a@mail.kz\n"Борис;b@mail.kz\nВера;v@mail.kz',
      3,
      /never closed/,
    ],
    [
      'an unclosed quote that another one closes',
      'name;email\n"Анна;a@mail.kz\nБорис";b@mail.kz',
      2,
      /never closed/,
    ],
    ['a row without an end', `name;email\n"${'x'.repeat(50_000)}";a@mail.kz`, 2, /never closed/],
  ])('%s', async (_what, csv, row, reason) => {
    const { people, broken } = await read(csv);
    expect(people.filter((person) => person.row >= row)).toEqual([]);
    expect(broken).toEqual([{ row, reason: expect.stringMatching(reason) }]);
  });

  test('nothing of the file is repeated', async () => {
    const { broken } = await read('secret@mail.kz,87051234567\n"x');
    expect(JSON.stringify(broken)).not.toMatch(/secret|8705/);
  });

  test('more people than a campaign takes', async () => {
    const rows = Array.from({ length: 100_003 }, (_, n) => `p${n}@mail.kz`).join('\n');
    const { people, broken } = await read(`email\n${rows}`);
    expect(people).toHaveLength(100_000);
    expect(broken).toEqual([{ row: 100_002, reason: 'more than 100000 people' }]);
  });
});
