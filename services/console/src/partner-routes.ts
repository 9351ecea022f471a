/** Партнёры: who brings others, and what they get for it. With the rights of whoever looks; money is the owner's. */
import { commissionsCsv } from '@leadwire/operations/referrals/commissions-csv';
import { readNewReferrer } from '@leadwire/operations/referrals/new-referrer';
import {
  ReferralError,
  addReferrer,
  moveCommissions,
  putTier,
  type Move,
} from '@leadwire/operations/referrals/referrals';
import type { Bus } from '@leadwire/shared/broker/bus';
import { z } from 'zod';
import { partnerWriter, readCommissions, readPartners } from './data/partners.ts';
import { NotFoundError, type Answer, type Route, type Visit } from './http/route.ts';
import { partnerAddPage } from './pages/partners/partner-add-page.ts';
import { askMove, partnerPage, ripeFor, sumOf } from './pages/partners/partner-page.ts';
import { partnersPage } from './pages/partners/partners-page.ts';
import { notice } from './pages/parts.ts';
import { COMMISSIONS } from './words/partners.ts';
import { counted, type Clock } from './words/time.ts';

export interface PartnerParts {
  bus: Bus;
  clock: Clock;
  publicUrl: string | undefined;
}

const CONTACTS = ['owner', 'sales'] as const;
const OWNER = ['owner'] as const;

export function partnerRoutes(parts: PartnerParts): Route[] {
  const { bus } = parts;
  return [
    { method: 'GET', path: '/partners', roles: CONTACTS, handle: (visit) => list(visit) },
    {
      method: 'GET',
      path: '/partners/new',
      roles: CONTACTS,
      handle: () => ({ title: 'Новый партнёр', body: partnerAddPage(new URLSearchParams()) }),
    },
    { method: 'POST', path: '/partners', roles: CONTACTS, handle: (visit) => add(bus, visit) },
    {
      method: 'POST',
      path: '/partners/tiers',
      roles: OWNER,
      handle: (visit) => setTier(bus, visit),
    },
    {
      method: 'GET',
      path: '/partners/csv',
      roles: OWNER,
      async handle({ client }) {
        const [{ partners }, { commissions }] = await Promise.all([
          readPartners(client, null),
          readCommissions(client, null),
        ]);
        const day = parts.clock.now().toISOString().slice(0, 10);
        return { file: commissionsCsv(commissions, partners), name: `partners-${day}.csv` };
      },
    },
    { method: 'GET', path: '/partners/:id', roles: CONTACTS, handle: (visit) => one(parts, visit) },
    {
      method: 'POST',
      path: '/partners/:id/approve',
      roles: OWNER,
      handle: (visit) => move(bus, 'approved', visit),
    },
    {
      method: 'POST',
      path: '/partners/:id/pay',
      roles: OWNER,
      handle: (visit) => move(bus, 'paid', visit),
    },
  ];
}

async function list({ client, person, query }: Visit): Promise<Answer> {
  const shown = await readPartners(client, null);
  const told = LIST_TOLD[query['done'] ?? ''];
  return {
    title: 'Партнёры',
    body: partnersPage({
      ...shown,
      isOwner: person.role === 'owner',
      told: told && notice(...told),
    }),
  };
}

const LIST_TOLD: Readonly<Record<string, [string, boolean]>> = {
  added: ['Партнёр добавлен. Он появится в списке через несколько секунд.', true],
  known: ['Партнёр с такой почтой уже есть: он в списке со своим кодом.', false],
  tier: ['Назначено. Действует для следующих продаж.', true],
  'bad-tier': [
    'Нужны номер продажи (1 или больше) и процент или сумма. Ничего не изменено.',
    false,
  ],
};

const WRONG: Readonly<Record<'name' | 'email' | 'phone' | 'code' | 'taken', string>> = {
  name: 'Напишите, как зовут партнёра.',
  email: 'Это не похоже на адрес почты.',
  phone: 'Это не похоже на номер телефона.',
  code: 'В коде могут быть латинские буквы, цифры, дефис и подчёркивание, от 3 до 32.',
  taken: 'Этот код занят другим партнёром. Придумайте другой.',
};

async function add(bus: Bus, { form, person }: Visit): Promise<Answer> {
  const again = (wrong: keyof typeof WRONG): Answer => ({
    title: 'Новый партнёр',
    body: partnerAddPage(form, notice(`${WRONG[wrong]} Никто не добавлен.`, false)),
  });
  const given = ['name', 'email', 'phone', 'code'].map((name) => form.get(name) ?? '');
  const [name = '', email = '', phone = '', code = ''] = given;
  const read = readNewReferrer({ name, email, phone, code });
  if ('wrong' in read) return again(read.wrong);
  try {
    const { isNew } = await addReferrer({ bus, actor: person.email }, read);
    return { goTo: `/partners?done=${isNew ? 'added' : 'known'}` };
  } catch (thrown) {
    if (thrown instanceof ReferralError && thrown.problem === 'code_taken') return again('taken');
    throw thrown;
  }
}

async function setTier(bus: Bus, { client, form, person }: Visit): Promise<Answer> {
  const [from, percent, amount] = ['from', 'percent', 'amount'].map((name) =>
    numberOf(form.get(name)),
  );
  const isWhole =
    typeof from === 'number' && Number.isInteger(from) && from >= 1 && from <= 1_000_000;
  const isPaid = typeof percent === 'number' || typeof amount === 'number';
  const isWrong = percent === 'wrong' || amount === 'wrong' || Number(percent ?? 0) > 100;
  if (!isWhole || !isPaid || isWrong) return { goTo: '/partners?done=bad-tier' };
  const tier = { fromSales: from, percent: percent ?? null, amount: amount ?? null };
  await putTier({ bus, actor: person.email }, partnerWriter(client), tier);
  return { goTo: '/partners?done=tier' };
}

/** Undefined for an empty field. */
function numberOf(text: string | null): number | 'wrong' | undefined {
  const trimmed = (text ?? '').replace(/\s/g, '').replace(',', '.');
  if (trimmed === '') return undefined;
  const number = Number(trimmed);
  return number >= 0 && number < 1e9 ? number : 'wrong';
}

/** @throws NotFoundError */
async function partnerOf({ client, params }: Visit) {
  const id = z.uuid().safeParse(params['id']).data;
  const [partner] = id === undefined ? [] : (await readPartners(client, id)).partners;
  if (!partner) throw new NotFoundError('no such partner');
  return { partner, ...(await readCommissions(client, partner.id)) };
}

async function one({ clock, publicUrl }: PartnerParts, visit: Visit): Promise<Answer> {
  const { partner, commissions, remarks } = await partnerOf(visit);
  const { query, person } = visit;
  const isOwner = person.role === 'owner';
  const to = isOwner ? ASKED[query['ask'] ?? ''] : undefined;
  const ripe = to && ripeFor(to, commissions, query['id']);
  const told =
    to && ripe && ripe.length > 0 ? askMove(to, partner, ripe) : toldOf(query['done'], query['n']);
  const link = publicUrl && `${publicUrl}/r/${encodeURIComponent(partner.code)}`;
  return {
    title: 'Партнёр',
    body: partnerPage({ partner, commissions, remarks, link, isOwner, told, clock }),
  };
}

const ASKED: Readonly<Record<string, Move>> = { approve: 'approved', pay: 'paid' };

/** Exactly what was shown when it was asked, and of this partner only. */
async function move(bus: Bus, to: Move, visit: Visit): Promise<Answer> {
  const { partner, commissions } = await partnerOf(visit);
  const asked = new Set(visit.form.getAll('id'));
  const named = commissions.filter(({ id }) => asked.has(id));
  const told = (what: string, count = 0) => ({
    goTo: `/partners/${partner.id}?done=${what}&n=${count}`,
  });
  const sure = numberOf((visit.form.get('sure') ?? '').replace('₸', ''));
  if (to === 'paid' && sure !== Math.round(sumOf(named) * 100) / 100) return told('number');
  const ids = named.map(({ id }) => id);
  if (ids.length === 0) return told(to);
  const acting = { bus, actor: visit.person.email };
  const changed = await moveCommissions(acting, partnerWriter(visit.client), ids, to);
  return told(to, changed.length);
}

function toldOf(done: string | undefined, n: string | undefined) {
  const count = Number(n);
  if (done === 'number') return notice('Сумма не совпала. Ничего не изменено.', false);
  if ((done !== 'approved' && done !== 'paid') || !Number.isInteger(count)) return undefined;
  if (count === 0) return notice('Делать было нечего: кто-то уже сделал это.', false);
  const word = done === 'approved' ? 'Одобрено' : 'Отмечено выплаченным';
  return notice(`${word}: ${counted(count, COMMISSIONS)}.`, true);
}
