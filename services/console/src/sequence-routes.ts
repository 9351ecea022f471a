/** Цепочки: pages and acts, by mailer-batch's HTTP API, which writes each change into the audit log. */
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import { CampaignError } from '@leadwire/operations/campaigns/campaign-error';
import { delayMs, sequenceTriggers } from '@leadwire/shared/contract/sequences';
import type { Person } from './data/person.ts';
import type { Content } from './html.ts';
import { NotFoundError, type Answer, type Route, type Visit } from './http/route.ts';
import { notice } from './pages/parts.ts';
import { rowsOf } from './pages/sequence-form.ts';
import { newSequencePage, sequencePage, sequencesPage } from './pages/sequences-page.ts';
import { sequenceRefusal } from './words/sequences.ts';
import type { Clock } from './words/time.ts';

interface Parts {
  campaignsFor: (person: Person) => CampaignApi;
  clock: Clock;
}

const roles = ['owner', 'sales'] as const;
const PLACE = '/campaigns/sequences';

const TOLD: Readonly<Record<string, string>> = {
  saved: 'Цепочка сохранена. Она выключена, пока вы её не включите.',
  on: 'Цепочка включена: считаются события с этого момента.',
  off: 'Цепочка выключена. Кто ждал, больше ничего не получит.',
  deleted: 'Цепочка удалена. Что она успела отправить, осталось в карточках людей.',
  stopped: 'Этому человеку цепочка больше не пишет.',
  nobody: 'Такого человека в этой цепочке нет, или она ему уже не пишет.',
};

export function sequenceRoutes({ campaignsFor, clock }: Parts): Route[] {
  const idOf = async (api: CampaignApi, { params }: Visit) => {
    const found = await api.sequences.find(params['id'] ?? '');
    if (!found) throw new NotFoundError('no such sequence');
    return found.id;
  };
  const fresh = async ({ person, form }: Visit, told?: Content): Promise<Answer> => ({
    title: 'Новая цепочка',
    body: newSequencePage(await usable(campaignsFor(person)), told ? form : undefined, told),
  });
  const show = async (visit: Visit, refused?: Content): Promise<Answer> => {
    const api = campaignsFor(visit.person);
    const shown = await api.sequences.get(await idOf(api, visit));
    const done = TOLD[visit.query['done'] ?? ''];
    const told = refused ?? (done && notice(done, visit.query['done'] !== 'nobody'));
    const templates = shown.sequence.isOn ? [] : await usable(api);
    return { title: 'Цепочка', body: sequencePage({ ...shown, templates, clock, told }) };
  };
  /** A refusal is said on the page where the button was. */
  const orRefused = async (
    work: () => Promise<Answer>,
    page: (told: Content) => Promise<Answer>,
  ) => {
    try {
      return await work();
    } catch (thrown) {
      if (!(thrown instanceof CampaignError)) throw thrown;
      return page(notice(sequenceRefusal(thrown.message), false));
    }
  };
  const act = (
    name: string,
    work: (api: CampaignApi, id: string, visit: Visit) => Promise<string>,
  ): Route => ({
    method: 'POST',
    path: name === '' ? `${PLACE}/:id` : `${PLACE}/:id/${name}`,
    roles,
    async handle(visit) {
      const api = campaignsFor(visit.person);
      const id = await idOf(api, visit);
      return orRefused(
        async () => ({ goTo: `${PLACE}/${id}?done=${await work(api, id, visit)}` }),
        (told) => show(visit, told),
      );
    },
  });

  return [
    {
      method: 'GET',
      path: PLACE,
      roles,
      async handle({ person, query }) {
        const found = await campaignsFor(person).sequences.list();
        const told = query['done'] === 'deleted' && notice(TOLD['deleted'] ?? '', true);
        return { title: 'Цепочки', body: sequencesPage(found, told || undefined) };
      },
    },
    { method: 'GET', path: `${PLACE}/new`, roles, handle: (visit) => fresh(visit) },
    {
      method: 'POST',
      path: PLACE,
      roles,
      handle: (visit) =>
        orRefused(
          async () => {
            const made = await campaignsFor(visit.person).sequences.save(definitionOf(visit.form));
            return { goTo: `${PLACE}/${made.id}?done=saved` };
          },
          (told) => fresh(visit, told),
        ),
    },
    { method: 'GET', path: `${PLACE}/:id`, roles, handle: (visit) => show(visit) },
    act('', async (api, id, { form }) => {
      const changedAt = form.get('changedAt') ?? '';
      await api.sequences.save(definitionOf(form), { id, changedAt });
      return 'saved';
    }),
    act('on', async (api, id) => (await api.sequences.turn(id, 'on'), 'on')),
    act('off', async (api, id) => (await api.sequences.turn(id, 'off'), 'off')),
    {
      method: 'POST',
      path: `${PLACE}/:id/delete`,
      roles,
      async handle(visit) {
        const api = campaignsFor(visit.person);
        const id = await idOf(api, visit);
        const remove = async () => {
          await api.sequences.remove(id);
          return { goTo: `${PLACE}?done=deleted` };
        };
        return orRefused(remove, (told) => show(visit, told));
      },
    },
    act('stop', async (api, id, { form }) =>
      (await api.sequences.stop(form.get('contact') ?? '', id)) > 0 ? 'stopped' : 'nobody',
    ),
  ];
}

/** Texts that people wrote: the product's own ask for more than a sequence knows. */
const usable = async (api: CampaignApi) =>
  (await api.templates()).filter(({ own, channels }) => own && channels.length > 0);

/** @throws CampaignError as the service would, where the form has a row that cannot be read */
function definitionOf(form: URLSearchParams) {
  const steps = rowsOf(form);
  const bad = steps.find(({ after }) => delayMs(after) === undefined);
  if (bad)
    throw new CampaignError(
      'refused',
      `«${bad.after}»: нужно, например, 30 минут, 1 час или 3 дня, и не больше 90 дней.`,
    );
  if (steps.length === 0) throw new CampaignError('refused', 'нет ни одного шага.');
  return {
    name: form.get('name')?.trim() ?? '',
    trigger: sequenceTriggers.find((each) => each === form.get('trigger')) ?? sequenceTriggers[0],
    steps,
    stopOnClick: form.get('keep') === null,
  };
}
