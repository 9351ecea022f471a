/**
 * The requests that page builders and ad platforms really send, field by field as docs/FORMS.md lists their sources.
 * Fired at landing-api by the page `/senders/`, and by the tests.
 */
import { asForm, asJson, PAGE, type Builder } from './builder.ts';
import { signingBuilders } from './builders-signing.ts';

export const builders: readonly Builder[] = [
  {
    id: 'tilda',
    title: 'Tilda',
    dialect: 'tilda',
    hint: 'Webhook. Номер заявки tranid, метки из куки TILDAUTM.',
    request: (given) =>
      asForm(
        {
          Name: given.person.name,
          Phone: given.person.phone,
          Email: given.person.email,
          tranid: given.id,
          formid: 'form100000001',
          COOKIES: `TILDAUTM=${encodeURIComponent('utm_source=ig|||utm_medium=story|||utm_campaign=spring')}`,
        },
        given,
        { 'user-agent': 'Tilda' },
      ),
    trial: (given) => asForm({ test: 'test' }, given, { 'user-agent': 'Tilda' }),
  },
  {
    id: 'cf7',
    title: 'Contact Form 7',
    dialect: 'cf7',
    hint: 'WordPress, плагин CF7 to Webhook. Своего номера у заявки нет.',
    request: (given) =>
      asJson(
        {
          'your-name': given.person.name,
          'your-phone': given.person.phone,
          'your-email': given.person.email,
          interests: ['Дизайн', 'Аналитика'],
          utm_source: 'ig',
          utm_campaign: 'spring',
        },
        given,
      ),
  },
  {
    id: 'elementor',
    title: 'Elementor, простой вид',
    dialect: 'elementor',
    hint: 'Названия полей вместо имён. Любой ответ, кроме 200, посетитель видит как ошибку.',
    request: (given) =>
      asForm(
        {
          Имя: given.person.name,
          Телефон: given.person.phone,
          'Электронная почта': given.person.email,
          'Page URL': PAGE,
          'User Agent': 'Mozilla/5.0',
          form_id: 'be98e48',
          form_name: 'Заявка',
        },
        given,
      ),
  },
  {
    id: 'elementor-advanced',
    title: 'Elementor, Advanced Data',
    dialect: 'elementor',
    hint: 'У каждого поля свой id, название и значение.',
    request: (given) =>
      asForm(
        {
          'form[id]': 'be98e48',
          'form[name]': 'Заявка',
          ...elementorField('name', 'Имя', given.person.name),
          ...elementorField('field_a1b2c3', 'Ваш номер телефона (WhatsApp)', given.person.phone),
          ...elementorField('email', 'Email', given.person.email),
          'meta[page_url][title]': 'Page URL',
          'meta[page_url][value]': PAGE,
        },
        given,
      ),
  },
  ...signingBuilders,
];

function elementorField(id: string, title: string, value: string): Record<string, string> {
  return {
    [`fields[${id}][id]`]: id,
    [`fields[${id}][type]`]: 'text',
    [`fields[${id}][title]`]: title,
    [`fields[${id}][value]`]: value,
    [`fields[${id}][raw_value]`]: value,
    [`fields[${id}][required]`]: '1',
  };
}
