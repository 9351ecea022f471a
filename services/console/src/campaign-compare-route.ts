/** Two campaigns side by side. */
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import type { CampaignResult } from '@leadwire/operations/campaigns/compare';
import { z } from 'zod';
import type { Person } from './data/person.ts';
import { NotFoundError, type Route } from './http/route.ts';
import { comparePage } from './pages/campaign-compare-page.ts';
import type { Clock } from './words/time.ts';

interface Parts {
  campaignsFor: (person: Person) => CampaignApi;
  clock: Clock;
}

/** The newest ones are chosen from. */
const SHOWN = 100;

export function compareRoute({ campaignsFor, clock }: Parts): Route {
  return {
    method: 'GET',
    path: '/campaigns/compare',
    roles: ['owner', 'sales'],
    async handle({ person, query }) {
      const api = campaignsFor(person);
      const [all, first, second] = await Promise.all([
        api.list(SHOWN),
        resultOf(api, query['a']),
        resultOf(api, query['b']),
      ]);
      const choice = all.filter(({ counts }) => counts.sent > 0);
      return { title: 'Сравнить', body: comparePage({ choice, first, second, clock }) };
    },
  };
}

/** @throws NotFoundError for what is no campaign. */
async function resultOf(
  api: CampaignApi,
  given: string | undefined,
): Promise<CampaignResult | undefined> {
  if (!given) return undefined;
  const id = z.uuid().safeParse(given).data;
  if (id === undefined) throw new NotFoundError('no such campaign');
  const [campaign, summary] = await Promise.all([api.get(id), api.summary(id)]);
  return { campaign, summary };
}
