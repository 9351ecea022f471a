import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../src/sandbox.ts';
import {
  amo,
  email,
  makeLead,
  manyCalls,
  phone,
  type ContactRow,
  type LeadRow,
  type List,
  type Problem,
} from './amocrm-calls.ts';
import { openSandbox } from './sandbox-calls.ts';

const search = async (sandbox: Sandbox, query: string) =>
  (
    await amo<List<'contacts', ContactRow> | undefined>(
      sandbox,
      'GET',
      `/api/v4/contacts?with=leads&query=${encodeURIComponent(query)}`,
    )
  ).body?._embedded.contacts ?? [];

const names = async (sandbox: Sandbox, query: string) =>
  (await search(sandbox, query)).map(({ name }) => name);

describe('the search for contacts', () => {
  test('finds by phone however it is written, with the deals', async () => {
    const sandbox = await openSandbox(manyCalls);
    const { id } = await makeLead(sandbox);
    for (const query of ['+77051234567', '87051234567', '705 123 45 67']) {
      expect((await search(sandbox, query))[0]?._embedded.leads).toMatchObject([{ id }]);
    }
  });

  test('also finds people who only resemble the one who is meant', async () => {
    const sandbox = await openSandbox(manyCalls);
    const { amocrm } = sandbox.control;
    await amocrm.addContact({ name: 'Другой оператор', phones: ['+7 (701) 123-45-67'] });
    await amocrm.addContact({ name: 'Другой ящик', emails: ['aigerim@mail-astana.kz'] });
    await amocrm.addContact({ name: 'Посторонний', phones: ['+77770000000'] });
    expect(await names(sandbox, '+77051234567')).toEqual(['Другой оператор']);
    expect(await names(sandbox, 'aigerim@pochta-almaty.kz')).toEqual(['Другой ящик']);
    await amocrm.set({ search: 'exact' });
    expect(await names(sandbox, '+77051234567')).toEqual([]);
  });

  test('answers 204 without a body for nobody', async () => {
    const sandbox = await openSandbox();
    const answer = await amo(sandbox, 'GET', '/api/v4/contacts?query=nobody');
    expect([answer.status, answer.type, answer.text]).toEqual([204, null, '']);
  });

  test('lags behind writes, while the contact itself can be read at once', async () => {
    const sandbox = await openSandbox({ amocrm: { indexLagMs: 5_000 } });
    const made = await makeLead(sandbox);
    expect(await search(sandbox, '+77051234567')).toEqual([]);
    const one = await amo(sandbox, 'GET', `/api/v4/contacts/${made.contact_id}`);
    expect(one.status).toBe(200);
    await sandbox.control.advance(5_000);
    expect(await search(sandbox, '+77051234567')).toHaveLength(1);

    const moved = { custom_fields_values: [phone('+77779998877')] };
    await amo(sandbox, 'PATCH', `/api/v4/contacts/${made.contact_id}`, moved);
    expect(await search(sandbox, '+77051234567')).toHaveLength(1);
    await sandbox.control.advance(5_000);
    expect(await search(sandbox, '+77051234567')).toEqual([]);
  });
});

describe('PATCH of a contact', () => {
  test('replaces all values of a field that it names and leaves the others', async () => {
    const sandbox = await openSandbox();
    const { contact_id: id } = await makeLead(sandbox);
    await amo(sandbox, 'PATCH', '/api/v4/contacts', [
      { id, custom_fields_values: [phone('+77010000000')] },
    ]);
    const [contact] = await sandbox.control.amocrm.contacts();
    expect(contact?.phones).toEqual(['+77010000000']);
    expect(contact?.emails).toEqual(['aigerim@pochta-almaty.kz']);
    expect(await sandbox.control.crm('contact-changed')).toHaveLength(1);
  });

  test('with the same values changes nothing that counts', async () => {
    const sandbox = await openSandbox();
    const { contact_id: id } = await makeLead(sandbox);
    await amo(sandbox, 'PATCH', `/api/v4/contacts/${id}`, { name: 'Айгерим' });
    expect(await sandbox.control.crm('contact-changed')).toEqual([]);
  });
});

test('contacts are made in an array, echoing the words of the client', async () => {
  const sandbox = await openSandbox();
  const { body } = await amo<List<'contacts', { request_id: string }>>(
    sandbox,
    'POST',
    '/api/v4/contacts',
    [
      { first_name: 'Ерлан', last_name: 'Жумабеков', request_id: 'one' },
      { name: 'Тимур', custom_fields_values: [email('timur@pochta.kz')] },
    ],
  );
  expect(body._embedded.contacts.map(({ request_id }) => request_id)).toEqual(['one', '1']);
  const contacts = await sandbox.control.amocrm.contacts();
  expect(contacts.map(({ name }) => name)).toEqual(['Ерлан Жумабеков', 'Тимур']);
});

test('a deal is linked to another contact', async () => {
  const sandbox = await openSandbox();
  const { id, contact_id } = await makeLead(sandbox);
  const other = await sandbox.control.amocrm.addContact({ name: 'Муж' });
  await amo(sandbox, 'POST', `/api/v4/leads/${id}/link`, [
    { to_entity_id: other.id, to_entity_type: 'contacts' },
  ]);
  const { body } = await amo<LeadRow>(sandbox, 'GET', `/api/v4/leads/${id}?with=contacts`);
  expect(body._embedded.contacts).toMatchObject([
    { id: contact_id, is_main: true },
    { id: other.id, is_main: false },
  ]);
});

describe('notes', () => {
  test('are taken twice when they come twice, and listed', async () => {
    const sandbox = await openSandbox();
    const { id } = await makeLead(sandbox);
    const note = { entity_id: id, note_type: 'common', params: { text: 'Итог теста' } };
    await amo(sandbox, 'POST', '/api/v4/leads/notes', [note]);
    await amo(sandbox, 'POST', `/api/v4/leads/${id}/notes`, [{ ...note, entity_id: undefined }]);
    const { body } = await amo<List<'notes', { params: { text: string } }>>(
      sandbox,
      'GET',
      `/api/v4/leads/${id}/notes`,
    );
    expect(body._embedded.notes.map(({ params }) => params.text)).toEqual([
      'Итог теста',
      'Итог теста',
    ]);
    expect(await sandbox.control.crm('note-added')).toHaveLength(2);
  });

  test('need a text and a deal', async () => {
    const sandbox = await openSandbox();
    const { body } = await amo<Problem>(sandbox, 'POST', '/api/v4/leads/notes', [
      { entity_id: 1, note_type: 'common', params: {} },
    ]);
    const paths = body['validation-errors']?.[0]?.errors.map(({ path }) => path);
    expect(paths).toEqual(['entity_id', 'params.text']);
  });
});

describe('the account', () => {
  test('shows itself, its pipelines with won and lost, and its fields', async () => {
    const sandbox = await openSandbox();
    const account = await amo(sandbox, 'GET', '/api/v4/account');
    expect(account.body).toMatchObject({ subdomain: 'leadwire', currency: 'KZT' });
    type Pipelines = List<
      'pipelines',
      { id: number; _embedded: { statuses: { id: number; type: number }[] } }
    >;
    const { body } = await amo<Pipelines>(sandbox, 'GET', '/api/v4/leads/pipelines');
    const [main, other] = body._embedded.pipelines;
    expect(main?.id).toBe(10_350_882);
    expect(main?._embedded.statuses[0]?.type).toBe(1);
    for (const pipeline of [main, other]) {
      expect(pipeline?._embedded.statuses.slice(-2).map(({ id }) => id)).toEqual([142, 143]);
    }
    const fields = await amo<List<'custom_fields', { code: string | null }>>(
      sandbox,
      'GET',
      '/api/v4/contacts/custom_fields',
    );
    expect(fields.body._embedded.custom_fields.map(({ code }) => code)).toEqual([
      'POSITION',
      'PHONE',
      'EMAIL',
    ]);
  });

  test('gets a new field through the API, which then takes values', async () => {
    const sandbox = await openSandbox();
    const made = await amo<List<'custom_fields', { id: number }>>(
      sandbox,
      'POST',
      '/api/v4/leads/custom_fields',
      [{ name: 'Город', type: 'text' }],
    );
    const id = made.body._embedded.custom_fields[0]?.id;
    await makeLead(sandbox, {
      custom_fields_values: [{ field_id: id, values: [{ value: 'Алматы' }] }],
    });
    const [lead] = await sandbox.control.amocrm.leads();
    expect(lead?.fields).toEqual({ Город: ['Алматы'] });
  });
});
