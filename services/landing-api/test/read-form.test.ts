/** Each sender's real request, and the samples of the field, read without a network. */
import { describe, expect, test } from 'vitest';
import { builders } from '@leadwire/sandbox/senders/builders';
import { newId } from '@leadwire/shared/contract/ids';
import { FORM_BODY_LIMIT_BYTES, parseJson, readFormBody } from '../src/forms/form-body.ts';
import { readForm, type FormLook, type FormReading } from '../src/forms/read-form.ts';
import { customForm, readLead } from '../src/handler.ts';

const auto: FormLook = { dialect: 'auto', mapping: {} };
const stamp = { leadId: newId(), receivedAt: new Date('2026-11-20T10:00:00Z') };

async function read(
  body: string | object,
  look: Partial<FormLook> = {},
  headers: Record<string, string> = {},
): Promise<FormReading> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const raw = Buffer.from(text);
  const contentType = headers['content-type'] ?? '';
  const post = { raw, contentType, headers, query: {}, body: await readFormBody(raw, contentType) };
  const reading = readForm(post, { ...auto, ...look });
  if (reading === undefined) throw new Error('not readable');
  return reading;
}

/** As it would be stored. */
async function leadOf(...given: Parameters<typeof read>) {
  const { submission } = await read(...given);
  const lead = readLead(submission, customForm({ slug: 'spring', kind: 'request' }), stamp);
  if (lead.issues !== undefined) throw new Error(JSON.stringify(lead.issues));
  return lead.lead;
}

const person = {
  name: 'Айсулу Проба',
  phone: '8 700 000 01 01',
  email: 'aisulu@mail.leadwire-sample.kz',
};

describe('the real request of', () => {
  test.each(builders.map((builder) => [builder.id, builder] as const))(
    '%s is recognised, and its person read whole',
    async (_id, { dialect, request }) => {
      const sent = request({ person, id: '1000001:2000001', now: Date.now() });
      const reading = await read(sent.body, {}, sent.headers);
      expect(reading.dialect).toBe(dialect);
      expect(reading.isTest).toBe(false);
      const lead = await leadOf(sent.body, {}, sent.headers);
      expect(lead).toMatchObject({
        name: person.name,
        email: person.email,
        phone: '+77000000101',
        contactIssues: [],
        kind: 'request',
        source: 'form_spring',
        form: 'spring',
      });
      // cf7 and Elementor have no id; the others are known again by theirs.
      const hasId = dialect !== 'cf7' && dialect !== 'elementor';
      expect(reading.id).toBe(hasId ? `${dialect}:1000001:2000001` : undefined);
    },
  );

  test.each([
    ['tilda', { source: 'ig', medium: 'story', campaign: 'spring' }],
    ['cf7', { source: 'ig', campaign: 'spring' }],
    ['elementor', { source: 'ig', medium: 'story', campaign: 'spring' }],
    ['elementor-advanced', { source: 'ig', medium: 'story', campaign: 'spring' }],
    ['gravity', { source: 'ig', medium: 'story', campaign: 'spring' }],
    ['wpforms', { source: 'ig', medium: 'story', campaign: 'spring' }],
    ['typeform', { source: 'ig', campaign: 'spring' }],
    ['google-ads', { source: 'google', medium: 'lead_form', campaign: '2000002' }],
    [
      'facebook',
      { source: 'instagram', medium: 'lead_ads', campaign: 'spring', content: '800000000000001' },
    ],
    ['json', { source: 'ig', medium: 'story', campaign: 'spring' }],
  ])('%s says where its lead came from', async (id, utm) => {
    const sent = builders.find((each) => each.id === id)!.request({ person, id: '7', now: 0 });
    expect((await leadOf(sent.body, {}, sent.headers)).utm).toEqual(utm);
  });
});

describe('a test post of', () => {
  test.each([
    ['tilda', 'test=test'],
    ['google-ads', { google_key: 'k', is_test: true, user_column_data: [] }],
    [
      'facebook',
      { id: '1', field_data: [{ name: 'email', values: ['<test lead: dummy data for email>'] }] },
    ],
    ['facebook', { id: '1', field_data: [{ name: 'email', values: ['test@fb.com'] }] }],
  ])('%s is one', async (dialect, body) => {
    expect(await read(body)).toMatchObject({ dialect, isTest: true });
  });
});

describe('fields are known by', () => {
  test.each([
    [{ Name: 'Айсулу', Phone: '+7 (700) 000-01-01' }],
    [{ Имя: 'Айсулу', Телефон: '87000000101' }],
    [{ 'your-name': 'Айсулу', 'your-phone': '8 700 000 01 01' }],
    [{ form_fields: { name: 'Айсулу', phone: '87000000101' } }],
    [{ full_name: 'Айсулу', tel: '87000000101' }],
    [{ ФИО: 'Айсулу', 'Номер телефона': '87000000101' }],
    [{ 'Как вас зовут?': 'Айсулу', 'Ваш номер (WhatsApp)': '87000000101' }],
    [{ 'Есіміңіз кім?': 'Айсулу', 'Телефон нөміріңіз': '87000000101' }],
    [{ 'Аты-жөніңіз': 'Айсулу', 'Ұялы телефон': '87000000101' }],
    [{ firstName: 'Айсулу', 'Как с вами связаться': '+7 700 000 01 01' }],
    [{ name: 'Айсулу', phone: '', whatsapp: '87000000101' }],
    [{ name: { first: 'Айсулу' }, phone: ['87000000101'] }],
  ])('their names: %j', async (body) => {
    expect(await leadOf(body)).toMatchObject({ name: 'Айсулу', phone: '+77000000101' });
  });

  test('the form’s own mapping, before anything else', async () => {
    const body = { f1: 'Айсулу', phone: 'перезвоните', 'Поле 7': '87000000101', x: 'kaspi' };
    const mapping = { f1: 'name', phone: 'answer', 'поле-7': 'phone', x: 'paymentMethod' };
    expect(await leadOf(body, { mapping })).toMatchObject({
      name: 'Айсулу',
      phone: '+77000000101',
      paymentMethod: 'kaspi',
      answers: { phone: 'перезвоните' },
    });
  });

  test('nothing that only looks alike', async () => {
    const body = {
      'Имя ребенка': 'Алия',
      'Название компании': 'Ромашка',
      'Номер заказа': '12345',
      form_name: 'Заявка',
      name: 'Айсулу',
      phone: '87000000101',
    };
    expect(await leadOf(body)).toMatchObject({ name: 'Айсулу', phone: '+77000000101' });
  });

  test('a slip of the pen is told, not guessed', async () => {
    const { fields } = await read({ name: 'Айсулу', phnoe: 'позже', email: person.email });
    expect(fields).toContainEqual({ name: 'phnoe', as: 'other', near: 'phone' });
  });

  test('what else was filled in stays with the lead', async () => {
    const tilda = await leadOf({
      tranid: '1:2',
      formid: 'f',
      Phone: '87000000101',
      Курс: 'Дизайн',
      Цвет: 'синий',
    });
    expect(tilda.answers).toEqual({ Цвет: 'синий' });
    expect(tilda.metadata).toMatchObject({ course: 'Дизайн', formid: 'f' });
    const two = await leadOf({ 'your-phone': '87000000101', whatsapp: '87000000102' });
    expect(two).toMatchObject({ phone: '+77000000101', answers: { whatsapp: '87000000102' } });
  });
});

describe('a body', () => {
  test('is read by its look when its type is wrong', async () => {
    const asText = { 'content-type': 'text/plain' };
    expect(await leadOf('phone=87000000101', {}, asText)).toMatchObject({ phone: '+77000000101' });
    const asForm = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await leadOf('{"phone":"87000000101"}', {}, asForm)).toMatchObject({
      phone: '+77000000101',
    });
  });

  test.each(['', 'просто текст', '[1,2]', '{"a":', '['.repeat(FORM_BODY_LIMIT_BYTES / 2)])(
    'that is no form is none: %#',
    async (body) => {
      const parsed = await readFormBody(Buffer.from(body), 'application/json');
      const post = {
        raw: Buffer.from(body),
        contentType: '',
        headers: {},
        query: {},
        body: parsed,
      };
      const reading = readForm(post, auto);
      expect(reading?.submission.phone ?? undefined).toBeUndefined();
    },
  );

  test('keeps numbers that a double cannot hold, and no key of a prototype', () => {
    expect(parseJson('{"id":123456789012345678,"n":1.5,"__proto__":{"a":1}}')).toEqual({
      id: '123456789012345678',
      n: 1.5,
    });
  });
});
