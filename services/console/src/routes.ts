/** Every page and action of somebody who is signed in, as one list: a test asks each of them as each role. */
import { staffRoles } from '@leadwire/shared/contract/staff-facts';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Seal } from '@leadwire/shared/runtime/seal';
import { z } from 'zod';
import { campaignRoutes, type CampaignParts } from './campaign-routes.ts';
import { accountRoutes } from './account-routes.ts';
import type { Accounts } from './auth/accounts.ts';
import { findLeads, readFilters, readLeadPage, type Filters } from './data/leads.ts';
import { seesContacts } from './data/person.ts';
import { createHealthLook } from './data/health.ts';
import { readToday } from './data/today.ts';
import { leadActRoutes } from './lead-act-routes.ts';
import { leadFileRoute } from './lead-file-route.ts';
import { NotFoundError, type Route, type Visit } from './http/route.ts';
import { choiceOfForm, choiceOfQuery, hrefOf, queryOf } from './pages/lead-choice.ts';
import { actButtons, askAbout, leadActs, toldOf } from './pages/lead-acts.ts';
import { leadPage } from './pages/lead-page.ts';
import { COUNT_UP_TO, leadsPage } from './pages/leads-page.ts';
import { faultsOf, todayPage } from './pages/today-page.ts';
import { partnerRoutes } from './partner-routes.ts';
import { problemRoutes } from './problem-routes.ts';
import { reportRoutes } from './report-routes.ts';
import { settingsRoutes } from './settings-routes.ts';
import { messageTextRoutes } from './message-text-routes.ts';
import { textRoutes } from './text-routes.ts';
import type { Clock } from './words/time.ts';

export interface RouteParts extends CampaignParts {
  bus: Bus;
  accounts: Accounts;
  /** For searches in addresses. */
  seal: Seal;
  /** Without a slash at its end. */
  amocrmUrl: string | undefined;
  /** Where forms post to. */
  publicUrl: string | undefined;
}

const PAGE_ROWS = 50;
/** What can be chosen changes slowly, and counting it is the dearest part of the page. */
const FILTERS_MS = 60_000;
const DAY_MS = 24 * 60 * 60_000;
const uuid = z.uuid();

export function routesOf(parts: RouteParts): Route[] {
  return [
    todayRoute(parts),
    ...leadRoutes(parts),
    leadFileRoute(parts),
    ...leadActRoutes(parts.bus),
    ...problemRoutes(parts),
    ...reportRoutes(parts),
    ...campaignRoutes(parts),
    ...partnerRoutes(parts),
    ...settingsRoutes(parts),
    ...textRoutes(parts),
    ...messageTextRoutes(parts),
    ...accountRoutes(parts),
  ];
}

function todayRoute({ bus, clock }: RouteParts): Route {
  const lookAtHealth = createHealthLook(bus);
  return {
    method: 'GET',
    path: '/',
    roles: staffRoles,
    async handle({ client }) {
      const [today, findings] = await Promise.all([readToday(client, clock), lookAtHealth()]);
      const faults = faultsOf(today, !bus.isConnected(), findings, clock);
      return { title: 'Сегодня', body: todayPage(today, faults, clock) };
    },
  };
}

function leadRoutes({ clock, seal, amocrmUrl }: RouteParts): Route[] {
  const filtersFor = createFilterCache(clock);
  const dealUrl = (dealId: number | null) =>
    amocrmUrl !== undefined && dealId !== null ? `${amocrmUrl}/leads/detail/${dealId}` : undefined;
  const list: Route['handle'] = async (visit) => {
    const { person, client, query } = visit;
    const choice = choiceOfQuery(query, seal);
    const after = cursorOf(query['after']);
    const asked = { ...queryOf(choice, clock.now()), ...after, limit: PAGE_ROWS + 1 };
    const [found, filters] = await Promise.all([
      findLeads(client, after ? asked : { ...asked, countUpTo: COUNT_UP_TO }),
      filtersFor(visit),
    ]);
    const rows = found.rows.slice(0, PAGE_ROWS);
    const last = found.rows.length > PAGE_ROWS ? rows.at(-1) : undefined;
    const here = hrefOf(choice, seal);
    const sign = here.includes('?') ? '&' : '?';
    const nextHref =
      last && `${here}${sign}after=${encodeURIComponent(`${last.created_at ?? ''},${last.id}`)}`;
    const { total, troubled, isMore } = found;
    const isFirst = after === undefined;
    const hasContacts = seesContacts(person);
    const shown = {
      rows,
      total,
      troubled,
      isMore,
      filters,
      choice,
      nextHref,
      fileHref: here.replace('/leads', '/leads/csv'),
      isFirst,
      hasContacts,
      dealUrl,
      clock,
    };
    return { title: 'Заявки', body: leadsPage(shown) };
  };
  const one: Route['handle'] = async ({ person, client, params, query }) => {
    const id = uuid.safeParse(params['id']).data;
    const found = id === undefined ? undefined : await readLeadPage(client, id);
    if (!found) throw new NotFoundError('no such lead');
    const { lead, deliveries, groups, others } = found;
    const hasContacts = seesContacts(person);
    const url = dealUrl(lead.amocrm_deal_id);
    const act = leadActs.find((each) => each === query['ask']);
    const may = act !== undefined && hasContacts;
    const shown = {
      lead,
      deliveries,
      groups,
      others,
      hasContacts,
      dealUrl: url,
      clock,
      actions: actButtons(person, lead, deliveries),
      told: may ? askAbout(act, lead, deliveries) : toldOf(query['done']),
    };
    return { title: `Заявка ${lead.id.slice(-6).toUpperCase()}`, body: leadPage(shown) };
  };
  return [
    { method: 'GET', path: '/leads', roles: staffRoles, handle: list },
    {
      method: 'POST',
      path: '/leads',
      roles: staffRoles,
      handle: ({ form }) => ({ goTo: hrefOf(choiceOfForm(form), seal) }),
    },
    { method: 'GET', path: '/leads/:id', roles: staffRoles, handle: one },
  ];
}

/** «время,номер» of the last row that was shown. */
function cursorOf(text: string | undefined): { beforeAt: string; beforeId: string } | undefined {
  const [at = '', id = ''] = (text ?? '').split(',');
  if (Number.isNaN(Date.parse(at)) || !uuid.safeParse(id).success) return undefined;
  return { beforeAt: at, beforeId: id };
}

/** One reading for all who see the same rows. */
function createFilterCache(clock: Clock): (visit: Visit) => Promise<Filters> {
  const kept = new Map<string, { until: number; filters: Promise<Filters> }>();
  return ({ person, client }) => {
    const key = person.role === 'targetologist' ? person.id : 'all';
    const now = clock.now().getTime();
    const known = kept.get(key);
    if (known && known.until > now) return known.filters;
    const filters = readFilters(client, new Date(now - 90 * DAY_MS));
    kept.set(key, { until: now + FILTERS_MS, filters });
    filters.catch(() => kept.delete(key));
    return filters;
  };
}
