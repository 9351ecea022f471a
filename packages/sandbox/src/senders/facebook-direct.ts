/**
 * Facebook connected directly: a person fills in a form of the played page, and landing-api is told of it by the hook,
 * or finds it by its poll. Facebook posts to no form of ours, so there is no request to fire.
 */
import type { FastifyInstance } from 'fastify';
import type { FormPerson } from './builder.ts';

export type FacebookWay = {
  id: string;
  title: string;
  /** What is special about it, for the page. */
  hint: string;
  /** Of the control plane. */
  path: string;
  body: (person: FormPerson) => object;
};

const fieldsOf = ({ name, phone, email }: FormPerson) => ({
  full_name: name,
  phone_number: phone,
  email,
});

export const facebookWays: readonly FacebookWay[] = [
  {
    id: 'facebook-hook',
    title: 'Facebook напрямую',
    hint: 'Хук называет номер заявки, landing-api забирает её сам. Форма и ключ не нужны.',
    path: '/leads',
    body: (person) => ({ fields: fieldsOf(person) }),
  },
  {
    id: 'facebook-lost',
    title: 'Facebook, хук потерялся',
    hint: 'Заявку найдёт опрос, раз в 15 минут (FACEBOOK_POLL_MS).',
    path: '/leads',
    body: (person) => ({ fields: fieldsOf(person), tell: false }),
  },
  {
    id: 'facebook-trial',
    title: 'Facebook, тестовая заявка',
    hint: 'Как из инструмента тестирования форм: заявки не будет.',
    path: '/test-leads',
    body: () => ({}),
  },
];

/** Has the lead made by the played Facebook; answers what it said. */
export async function throughFacebook(
  app: FastifyInstance,
  { path, body }: FacebookWay,
  person: FormPerson,
): Promise<{ answer: string; sent: string }> {
  const payload = body(person);
  const url = `/__sim/facebook${path}`;
  const response = await app.inject({ method: 'POST', url, payload });
  const sent = `POST ${url}\n\n${JSON.stringify(payload)}`;
  const { isTold, id } = response.json<{ isTold?: boolean; id?: string }>();
  if (response.statusCode !== 200) return { sent, answer: `${response.statusCode}` };
  const told = isTold === true ? 'хук отправлен' : 'хука не было';
  return { sent, answer: `заявка ${id ?? ''} есть у Facebook, ${told}` };
}
