/** Рассылки: pages and acts, all of them by mailer-batch's HTTP API, which writes each change into the audit log. */
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import { CampaignError } from '@leadwire/operations/campaigns/campaign-error';
import { z } from 'zod';
import type { Person } from './data/person.ts';
import { html, type Content } from './html.ts';
import { NotFoundError, type Answer, type Route, type Visit } from './http/route.ts';
import { UNWRITTEN, draftPage, testTold } from './pages/campaign-draft-page.ts';
import { campaignAsks, campaignPage } from './pages/campaign-page.ts';
import { campaignsPage, newCampaignPage, refusal } from './pages/campaigns-page.ts';
import { notice } from './pages/parts.ts';
import { audienceOf, rateOf, textOf, timesOf, variantsOf, wordsIn } from './campaign-fields.ts';
import { compareRoute } from './campaign-compare-route.ts';
import { segmentRoutes } from './segment-routes.ts';
import { sequenceRoutes } from './sequence-routes.ts';
import { refusalWords } from './words/campaigns.ts';
import type { Clock } from './words/time.ts';

export interface CampaignParts {
  /** mailer-batch, asked in a person's name. */
  campaignsFor: (person: Person) => CampaignApi;
  clock: Clock;
}

const roles = ['owner', 'sales'] as const;
const SHOWN = 100;
/** A list of 100,000 people as text, or in base64. */
const LIST_BYTES = 40 * 1024 * 1024;

export function campaignRoutes(parts: CampaignParts): Route[] {
  const { campaignsFor, clock } = parts;
  const list = async ({ person, query }: Visit): Promise<Answer> => {
    const told = query['done'] === 'deleted' ? notice('Черновик удалён.', true) : undefined;
    const campaigns = await campaignsFor(person).list(SHOWN);
    return { title: 'Рассылки', body: campaignsPage(campaigns, clock, told) };
  };
  const made = async ({ person, form }: Visit): Promise<Answer> => {
    const api = campaignsFor(person);
    const [name, channel, template] = ['name', 'channel', 'template'].map((key) => form.get(key));
    try {
      const variables = await sampleless(api, template ?? '');
      const { campaign } = await api.create({ name, channel, template, variables });
      return { goTo: `/campaigns/${campaign.id}` };
    } catch (thrown) {
      const told = refusedWords(thrown);
      return { title: 'Новая рассылка', body: newCampaignPage(await api.templates(), told) };
    }
  };
  const fresh = async ({ person }: Visit): Promise<Answer> => ({
    title: 'Новая рассылка',
    body: newCampaignPage(await campaignsFor(person).templates()),
  });
  const act = (name: string, work: Act, largestForm?: number): Route => ({
    method: 'POST',
    path: `/campaigns/:id/${name}`,
    roles,
    ...(largestForm !== undefined && { largestForm }),
    async handle(visit) {
      const id = idOf(visit);
      const api = campaignsFor(visit.person);
      try {
        return await work(api, id, visit);
      } catch (thrown) {
        return show(parts, visit, refusedWords(thrown));
      }
    },
  });
  const again = (id: string): Answer => ({ goTo: `/campaigns/${id}` });

  const routes: Route[] = [
    { method: 'GET', path: '/campaigns', roles, handle: list },
    { method: 'GET', path: '/campaigns/new', roles, handle: fresh },
    { method: 'POST', path: '/campaigns', roles, handle: made },
    ...segmentRoutes(parts),
    ...sequenceRoutes(parts),
    compareRoute(parts),
    { method: 'GET', path: '/campaigns/:id', roles, handle: (visit) => show(parts, visit) },
    {
      method: 'GET',
      path: '/campaigns/:id/report.csv',
      roles,
      async handle(visit) {
        const id = idOf(visit);
        return { file: await campaignsFor(visit.person).report(id), name: `campaign-${id}.csv` };
      },
    },
    act('text', async (api, id, { form }) => {
      const { timeZone } = await api.get(id);
      await api.change(id, textOf(form, timeZone));
      return again(id);
    }),
    act(
      'people',
      async (api, id, { form }) => {
        const exclude = wordsIn(form.get('exclude'));
        await api.setAudience(id, audienceOf(form), exclude.length > 0 ? exclude : undefined);
        return again(id);
      },
      LIST_BYTES,
    ),
    act('times', async (api, id, { form }) => {
      const { timeZone } = await api.get(id);
      await api.change(id, timesOf(form, timeZone));
      return again(id);
    }),
    act('test', async (api, id, visit) => {
      const results = await api.test(id, wordsIn(visit.form.get('to')));
      const sent = results.filter((each) => each.sent).length;
      return show(parts, visit, testTold(sent, results.length));
    }),
    act('start', async (api, id, visit) => {
      const people = Number((visit.form.get('sure') ?? '').replace(/\s/g, ''));
      if (!Number.isInteger(people) || people < 1) return show(parts, visit, NOT_THE_NUMBER);
      await api.start(id, people);
      return again(id);
    }),
    act('subjects', async (api, id, visit) => {
      const { form } = visit;
      const confirm = Number((form.get('sure') ?? '').replace(/\s/g, ''));
      if (!Number.isInteger(confirm) || confirm < 1) return show(parts, visit, NOT_THE_NUMBER);
      await api.trySubjects(id, { ...variantsOf(form), confirm });
      return again(id);
    }),
    act('cancel', async (api, id, visit) => {
      const { counts } = await api.get(id);
      const sure = Number(visit.form.get('sure') ?? Number.NaN);
      if (sure !== counts.audience) return show(parts, visit, NOT_THE_NUMBER);
      await api.move(id, 'cancel');
      return again(id);
    }),
    ...['pause', 'resume'].map((move) =>
      act(move, async (api, id) => {
        await api.move(id, move);
        return again(id);
      }),
    ),
    act('rate', async (api, id, { form }) => {
      await api.setRate(id, rateOf(form));
      return again(id);
    }),
    act('retry', async (api, id) => {
      await api.retry(id, false);
      return again(id);
    }),
    act('copy', async (api, id) => again((await api.copy(id)).id)),
    act('resend', async (api, id) => again((await api.resend(id)).id)),
    act('delete', async (api, id) => {
      await api.remove(id);
      return { goTo: '/campaigns?done=deleted' };
    }),
  ];
  return routes.map(toldWhenAway);
}

/** While mailer-batch is away its pages say so, and the rest of the console works. */
function toldWhenAway(route: Route): Route {
  return {
    ...route,
    async handle(visit) {
      try {
        return await route.handle(visit);
      } catch (thrown) {
        const words = refusedWords(thrown);
        return {
          title: 'Рассылки',
          body: html`<div class="head"><h1>Рассылки</h1></div>
            ${words}`,
        };
      }
    },
  };
}

type Act = (api: CampaignApi, id: string, visit: Visit) => Promise<Answer>;

const NOT_THE_NUMBER = notice('Число не совпало. Ничего не изменено.', false);

/** @throws NotFoundError */
function idOf({ params }: Visit): string {
  const id = z.uuid().safeParse(params['id']).data;
  if (id === undefined) throw new NotFoundError('no such campaign');
  return id;
}

/** What was refused, for the page; anything else is thrown on. */
function refusedWords(thrown: unknown) {
  if (!(thrown instanceof CampaignError)) throw thrown;
  return refusal(refusalWords(thrown.message));
}

async function show(
  { campaignsFor, clock }: CampaignParts,
  visit: Visit,
  told?: Content,
): Promise<Answer> {
  const id = idOf(visit);
  const api = campaignsFor(visit.person);
  const campaign = await api.get(id).catch((thrown: unknown) => {
    if (thrown instanceof CampaignError && /no such campaign/.test(thrown.message))
      throw new NotFoundError('no such campaign');
    throw thrown;
  });
  const { query } = visit;
  if (campaign.status !== 'draft') {
    const ask = campaignAsks.find((each) => each === query['ask']);
    const [summary, test] = await Promise.all([api.summary(id), api.subjects(id)]);
    return { title: 'Рассылка', body: campaignPage({ campaign, summary, test, ask, told, clock }) };
  }
  const [templates, segments, test, preview] = await Promise.all([
    api.templates(),
    api.segments(),
    api.subjects(id),
    // A text that is not filled in yet has no preview.
    api.preview(id).catch(() => undefined),
  ]);
  const body = draftPage({
    campaign,
    segments,
    test,
    preview,
    templates,
    ask: (['start', 'delete'] as const).find((each) => each === query['ask']),
    ownAddress: visit.person.email,
    told,
    clock,
  });
  return { title: 'Черновик', body };
}

/** A template insists on its variables from the start: they are there, and say that they are to be filled in. */
async function sampleless(api: CampaignApi, template: string): Promise<Record<string, unknown>> {
  const info = (await api.templates()).find(({ name }) => name === template);
  const required = info?.variables.filter((each) => each.required && !each.perRecipient) ?? [];
  const inAWeek = new Date(Date.now() + 7 * 24 * 60 * 60_000).toISOString();
  return Object.fromEntries(
    required.map(({ name }) => [
      name,
      name === 'steps' ? [UNWRITTEN] : name.endsWith('Date') ? inAWeek : UNWRITTEN,
    ]),
  );
}
