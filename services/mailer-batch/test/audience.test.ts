import { describe, expect, test } from 'vitest';
import { Readable } from 'node:stream';
import type { ListedPerson } from '../src/audience/audience-csv.ts';
import { readAudience, type AudienceOptions } from '../src/audience/audience.ts';

function listed(row: number, change: Partial<ListedPerson>): ListedPerson {
  return { row, name: '', email: '', phone: '', fields: {}, ...change };
}

function read(people: ListedPerson[], change: Partial<AudienceOptions> = {}) {
  return readAudience(Readable.from(people), {
    channel: 'email',
    exclude: [],
    broken: [],
    readVariables: () => ({ variables: {} }),
    ...change,
  });
}

describe('an audience', () => {
  test('has everybody once, after normalisation, and says who is left out and why', async () => {
    const audience = await read(
      [
        listed(2, { name: ' Анна\r\nBcc: x ', email: 'Anna@Mail.kz' }),
        listed(3, { name: 'Борис', email: ' anna@mail.KZ ' }),
        listed(4, { name: 'Вера', phone: '87051234567' }),
        listed(5, { name: 'Глеб', email: 'gleb@' }),
        listed(6, { name: 'Дана', email: 'dana@mail.kz', phone: '8 705 999 88 77' }),
        listed(7, { email: 'STAFF@mail.kz' }),
        listed(8, { name: 'Ева', email: 'eva@mail.kz' }),
      ],
      { exclude: ['staff@Mail.kz', '+77059998877', 'нет'] },
    );
    expect(audience.broken).toEqual([]);
    expect(audience.people).toEqual([
      { row: 2, contact: 'anna@mail.kz', name: 'Анна Bcc: x', variables: {} },
      { row: 8, contact: 'eva@mail.kz', name: 'Ева', variables: {} },
    ]);
    expect(audience.leftOut).toEqual([
      { row: 3, name: 'Борис', contact: 'anna@mail.KZ', reason: 'duplicate' },
      { row: 4, name: 'Вера', contact: null, reason: 'contact_missing' },
      { row: 5, name: 'Глеб', contact: 'gleb@', reason: 'contact_invalid' },
      { row: 6, name: 'Дана', contact: 'dana@mail.kz', reason: 'excluded_by_campaign' },
      { row: 7, name: null, contact: 'STAFF@mail.kz', reason: 'excluded_by_campaign' },
    ]);
  });

  test('leaves out whoever was erased, by either contact, and keeps nothing of them', async () => {
    const { people, leftOut } = await read(
      [
        listed(2, { name: 'Анна', email: 'anna@leadwire-sample.kz', phone: '8 700 000 11 22' }),
        listed(3, { name: 'Ева', email: 'eva@leadwire-sample.kz' }),
      ],
      { isErased: (contact) => contact === '+77000001122' },
    );
    expect(people).toMatchObject([{ name: 'Ева' }]);
    expect(leftOut).toEqual([{ row: 2, name: null, contact: null, reason: 'erased' }]);
  });

  test('for SMS leaves out whom nobody pays for a message to', async () => {
    const audience = await read(
      [listed(2, { phone: '+7 705 123-45-67' }), listed(3, { phone: '+8816 123 456 78' })],
      {
        channel: 'sms',
        refusal: (phone) => (phone.startsWith('+7') ? undefined : 'sms_not_allowed'),
      },
    );
    expect(audience.people.map(({ row }) => row)).toEqual([2]);
    expect(audience.leftOut).toMatchObject([{ row: 3, reason: 'sms_not_allowed' }]);
  });

  test('for SMS lists people without a phone, and takes one phone however it is written once', async () => {
    const audience = await read(
      [
        listed(2, { name: 'Анна', phone: '8 (705) 123-45-67' }),
        listed(3, { name: 'Анна', phone: '+77051234567' }),
        listed(4, { name: 'Вера', email: 'vera@mail.kz' }),
        listed(5, { name: 'Глеб', phone: '8705123456' }),
      ],
      { channel: 'sms' },
    );
    expect(audience.people).toEqual([
      { row: 2, contact: '+77051234567', name: 'Анна', variables: {} },
    ]);
    expect(audience.leftOut.map(({ row, reason }) => [row, reason])).toEqual([
      [3, 'duplicate'],
      [4, 'contact_missing'],
      [5, 'contact_invalid'],
    ]);
  });

  test('with a variable missing for somebody is broken there, and says which', async () => {
    const audience = await read(
      [
        listed(2, { email: 'a@mail.kz', fields: { link: 'https://leadwire.kz/1' } }),
        listed(3, { email: 'b@mail.kz' }),
        listed(4, { name: 'left out anyway' }),
      ],
      {
        readVariables: ({ link }) =>
          link === undefined
            ? { issues: [{ path: 'link', message: 'missing' }] }
            : { variables: { link } },
      },
    );
    expect(audience.people).toEqual([
      { row: 2, contact: 'a@mail.kz', name: null, variables: { link: 'https://leadwire.kz/1' } },
    ]);
    expect(audience.broken).toEqual([{ row: 3, reason: 'link: missing' }]);
  });
});
