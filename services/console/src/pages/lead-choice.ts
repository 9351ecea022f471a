/**
 * What somebody chose in the list: posted by its form, then carried in the address as one sealed value, because a search
 * for a person is a contact and addresses are kept in histories and logs.
 */
import { patternsOf } from '@leadwire/operations/leads/lead-list';
import type { Seal } from '@leadwire/shared/runtime/seal';
import { z } from 'zod';
import type { LeadQuery } from '../data/leads.ts';

const DAY_MS = 24 * 60 * 60_000;

export const PERIODS = {
  1: { word: 'Сутки', inWords: 'за сутки', days: 1 },
  7: { word: '7 дней', inWords: 'за 7 дней', days: 7 },
  30: { word: '30 дней', inWords: 'за 30 дней', days: 30 },
  365: { word: 'Год', inWords: 'за год', days: 365 },
  all: { word: 'Всё время', inWords: 'всего', days: undefined },
} as const;

const chosen = z.array(z.string().max(300)).max(50).catch([]);
const choiceSchema = z.object({
  words: z.string().max(100).catch(''),
  period: z.enum(['1', '7', '30', '365', 'all']).catch('30'),
  sources: chosen,
  kinds: chosen,
  stages: chosen,
  payments: chosen,
  campaigns: chosen,
  managers: chosen,
  troubled: z.boolean().catch(false),
  quarantined: z.boolean().catch(false),
});
export type Choice = z.infer<typeof choiceSchema>;
export interface ListChoice extends Choice {
  /** Whether anything but the usual thirty days was chosen. */
  isNarrowed: boolean;
}

const LISTS = ['sources', 'kinds', 'stages', 'payments', 'campaigns', 'managers'] as const;

function toChoice(given: unknown): ListChoice {
  const choice = choiceSchema.parse(given);
  const isNarrowed =
    choice.words !== '' ||
    choice.period !== '30' ||
    choice.troubled ||
    choice.quarantined ||
    LISTS.some((name) => choice[name].length > 0);
  return { ...choice, isNarrowed };
}

export function choiceOfForm(form: URLSearchParams): ListChoice {
  const lists = Object.fromEntries(LISTS.map((name) => [name, form.getAll(name)]));
  const words = (form.get('words') ?? '').trim().slice(0, 100);
  const flags = { troubled: form.has('troubled'), quarantined: form.has('quarantined') };
  // Whoever looks for a person does not care about the usual period.
  const given = form.get('period') ?? '30';
  const period = words !== '' && given === '30' ? 'all' : given;
  return toChoice({ ...lists, ...flags, words, period });
}

/** From the address: sealed, or the few links of our own that name nobody. */
export function choiceOfQuery(query: Readonly<Record<string, string>>, seal: Seal): ListChoice {
  const opened = query['s'] === undefined ? undefined : seal.open(query['s']);
  const troubled = query['troubled'] !== undefined;
  const quarantined = query['quarantined'] !== undefined;
  return toChoice(opened ?? { troubled, quarantined });
}

export function hrefOf({ isNarrowed, ...choice }: ListChoice, seal: Seal): string {
  return isNarrowed ? `/leads?s=${seal.close(choice)}` : '/leads';
}

export function queryOf(choice: ListChoice, now: Date): Omit<LeadQuery, 'limit'> {
  const { words, period, sources, kinds, stages, payments, campaigns, managers } = choice;
  const { days } = PERIODS[period];
  return {
    sources,
    kinds,
    stages,
    payments,
    campaigns,
    managers,
    onlyTroubled: choice.troubled,
    onlyQuarantined: choice.quarantined,
    // Nothing is found by a single letter.
    ...(words !== '' && { text: patternsOf(words) ?? [] }),
    ...(days !== undefined && { since: new Date(now.getTime() - days * DAY_MS).toISOString() }),
  };
}
