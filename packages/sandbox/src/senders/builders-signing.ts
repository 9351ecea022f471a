/** Builders that sign, questionnaires, and forms inside advertisements. */
import { createHmac } from 'node:crypto';
import {
  asJson,
  PAGE,
  shownIn,
  type Builder,
  type BuilderRequest,
  type Submission,
} from './builder.ts';

export const signingBuilders: readonly Builder[] = [
  {
    id: 'wpforms',
    title: 'WPForms',
    dialect: 'wpforms',
    hint: 'Webhook с подписью HMAC.',
    request(given) {
      const { name, phone, email } = given.person;
      const value = { name, phone, email, entry_id: given.id, page_url: PAGE };
      const request = asJson(
        value,
        { ...given, secret: undefined },
        { 'x-wpforms-webhook-id': '3' },
      );
      if (given.secret === undefined) return request;
      const time = Math.floor(given.now / 1_000);
      const digest = createHmac('sha256', given.secret)
        .update(`${time}.${request.body}`)
        .digest('hex');
      const signature = { 'x-wpforms-webhook-signature': `t=${time},v=${digest}` };
      return { ...request, headers: { ...request.headers, ...signature } };
    },
  },
  {
    id: 'gravity',
    title: 'Gravity Forms',
    dialect: 'gravity',
    hint: 'Поля по номерам: 1.3 имя, 1.6 фамилия, 2 телефон.',
    request: (given) =>
      asJson(
        {
          id: given.id,
          form_id: '3',
          date_created: '2026-11-20 10:00:00',
          ip: '10.0.0.1',
          source_url: PAGE,
          user_agent: 'Mozilla/5.0',
          '1.3': given.person.name,
          '1.6': '',
          '2': given.person.phone,
          '3': given.person.email,
        },
        given,
      ),
  },
  {
    id: 'google-forms',
    title: 'Google Формы',
    dialect: 'google-forms',
    hint: 'Наш скрипт из docs/FORMS.md: вопросы и ответы, номер ответа.',
    request: (given) =>
      asJson(
        {
          responseId: given.id,
          answers: {
            'Как вас зовут?': [given.person.name],
            'Ваш номер телефона (WhatsApp)': [given.person.phone],
            'Адрес электронной почты': [given.person.email],
            'Сколько часов в неделю готовы учиться?': ['до 6'],
          },
        },
        { ...given, secret: undefined },
        keyHeader(given.secret),
      ),
  },
  {
    id: 'typeform',
    title: 'Typeform',
    dialect: 'typeform',
    hint: 'Подпись HMAC, метки в hidden.',
    request(given) {
      const request = asJson(typeformBody(given), { ...given, secret: undefined });
      if (given.secret === undefined) return request;
      const digest = createHmac('sha256', given.secret).update(request.body).digest('base64');
      return {
        ...request,
        headers: { ...request.headers, 'typeform-signature': `sha256=${digest}` },
      };
    },
  },
  {
    id: 'jotform',
    title: 'Jotform',
    dialect: 'jotform',
    hint: 'multipart, ответы внутри rawRequest.',
    request: (given) =>
      asMultipart(
        {
          formID: '230000000000001',
          submissionID: given.id,
          formTitle: 'Заявка',
          type: 'WEB',
          rawRequest: JSON.stringify({
            slug: 'submit/230000000000001',
            q3_name: { first: given.person.name, last: '' },
            q4_phone: { full: given.person.phone },
            q5_email: given.person.email,
            event_id: '1700000000000_230000000000001_aaaaaaa',
          }),
        },
        given,
      ),
  },
  {
    id: 'google-ads',
    title: 'Google Ads, форма в объявлении',
    dialect: 'google-ads',
    hint: 'Ключ в теле запроса, google_key.',
    request: (given) => asGoogleAds(given, false),
    trial: (given) => asGoogleAds(given, true),
  },
  {
    id: 'facebook',
    title: 'Facebook через Make или Albato',
    dialect: 'facebook',
    hint: 'Заявка в том виде, в котором её отдаёт Graph API.',
    request: (given) =>
      asJson(
        {
          id: given.id,
          created_time: '2026-11-20T10:00:00+0000',
          form_id: '700000000000001',
          ad_id: '800000000000001',
          campaign_name: 'spring',
          platform: 'ig',
          field_data: [
            { name: 'full_name', values: [given.person.name] },
            { name: 'phone_number', values: [given.person.phone] },
            { name: 'email', values: [given.person.email] },
          ],
        },
        given,
      ),
  },
  {
    id: 'make',
    title: 'Make, Albato',
    dialect: 'json',
    hint: 'Модуль HTTP: тело JSON из docs/FORMS.md, ключ в заголовке X-Leadwire-Key.',
    request: (given) => {
      const { name, phone, email } = given.person;
      return asJson(
        { name, phone, email, utm_source: 'ig', utm_campaign: 'spring', submissionId: given.id },
        { ...given, secret: undefined },
        { 'user-agent': 'Make/production', ...keyHeader(given.secret) },
      );
    },
  },
  {
    id: 'json',
    title: 'JSON из своей программы, n8n',
    dialect: 'json',
    hint: 'Свои названия полей, ключ в заголовке.',
    request: (given) =>
      asJson(
        {
          full_name: given.person.name,
          tel: given.person.phone,
          'e-mail': given.person.email,
          payment_method: 'kaspi',
          submissionId: given.id,
          page: PAGE,
        },
        { ...given, secret: undefined },
        keyHeader(given.secret),
      ),
  },
];

function keyHeader(secret: string | undefined): Record<string, string> {
  return secret === undefined ? {} : { 'x-leadwire-key': secret };
}

/** A form inside an advertisement; «Отправить тестовые данные» sends the same with its mark. */
function asGoogleAds(given: Submission, isTest: boolean): BuilderRequest {
  const column = (column_id: string, column_name: string, string_value: string) => ({
    column_id,
    column_name,
    string_value,
  });
  const { name, phone, email } = given.person;
  return asJson(
    {
      lead_id: given.id,
      api_version: '1.0',
      form_id: 1000001,
      campaign_id: 2000002,
      adgroup_id: 3000003,
      creative_id: 4000004,
      gcl_id: 'Cj0K-sample-click',
      google_key: given.secret ?? '',
      user_column_data: [
        column('FULL_NAME', 'Full Name', name),
        column('PHONE_NUMBER', 'User Phone', phone),
        column('EMAIL', 'User Email', email),
      ],
      is_test: isTest,
    },
    { ...given, secret: undefined },
  );
}

function typeformBody({ person, id, now }: Submission) {
  return {
    event_id: `event-${id}`,
    event_type: 'form_response',
    form_response: {
      form_id: 'AbCdEf',
      token: id,
      submitted_at: new Date(now).toISOString(),
      hidden: { utm_source: 'ig', utm_campaign: 'spring' },
      definition: {
        fields: [
          { id: 'f1', ref: 'aa-1', type: 'short_text', title: 'Как вас зовут?' },
          { id: 'f2', ref: 'aa-2', type: 'phone_number', title: 'Ваш телефон' },
          { id: 'f3', ref: 'aa-3', type: 'email', title: 'Почта' },
          { id: 'f4', ref: 'aa-4', type: 'multiple_choice', title: 'Что вам ближе?' },
        ],
      },
      answers: [
        { type: 'text', text: person.name, field: { id: 'f1', ref: 'aa-1', type: 'short_text' } },
        {
          type: 'phone_number',
          phone_number: person.phone,
          field: { id: 'f2', ref: 'aa-2', type: 'phone_number' },
        },
        { type: 'email', email: person.email, field: { id: 'f3', ref: 'aa-3', type: 'email' } },
        {
          type: 'choice',
          choice: { label: 'Дизайн' },
          field: { id: 'f4', ref: 'aa-4', type: 'multiple_choice' },
        },
      ],
    },
  };
}

const BOUNDARY = '----leadwireSandboxFormBoundary';

function asMultipart(fields: Record<string, string>, given: Submission): BuilderRequest {
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: `${parts.join('')}--${BOUNDARY}--\r\n`,
    query: shownIn(given),
  };
}
