/** Segments: counted as they are edited, saved for everybody. */
import { CampaignError } from '@leadwire/operations/campaigns/campaign-error';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import { SegmentSyntaxError } from '@leadwire/shared/contract/segments';
import type { Person } from './data/person.ts';
import type { Clock } from './words/time.ts';
import { NotFoundError, type Answer, type Route, type Visit } from './http/route.ts';
import { refusal, segmentPage, segmentsPage, type SegmentShown } from './pages/campaigns-page.ts';
import { notice } from './pages/parts.ts';
import { filterOf } from './pages/segment-form.ts';
import { refusalWords } from './words/campaigns.ts';

interface Parts {
  campaignsFor: (person: Person) => CampaignApi;
  clock: Clock;
}

const roles = ['owner', 'sales'] as const;
const pageOf = (shown: SegmentShown): Answer => ({ title: 'Сегмент', body: segmentPage(shown) });

export function segmentRoutes({ campaignsFor, clock }: Parts): Route[] {
  const segmentOf = async (api: CampaignApi, { params }: Visit) => {
    const found = (await api.segments()).find(({ id }) => id === params['id']);
    if (!found) throw new NotFoundError('no such segment');
    return found;
  };
  const list = async ({ person, query }: Visit): Promise<Answer> => {
    const segments = await campaignsFor(person).segments();
    const told = query['done'] === 'saved' ? notice('Сегмент сохранён.', true) : undefined;
    return { title: 'Сегменты', body: segmentsPage(segments, clock, told) };
  };
  const one = async (visit: Visit): Promise<Answer> => {
    const segment = await segmentOf(campaignsFor(visit.person), visit);
    return pageOf({ segment, name: segment.name, filter: segment.filter });
  };

  /** Counts, saves or deletes; what was typed stays whatever happens. */
  const act = async (visit: Visit): Promise<Answer> => {
    const { form, person } = visit;
    const api = campaignsFor(person);
    const segment = visit.params['id'] === undefined ? undefined : await segmentOf(api, visit);
    const name = form.get('name')?.trim() ?? '';
    if (segment && form.get('act') === 'delete') {
      await api.deleteSegment(segment.id);
      return { goTo: '/campaigns/segments' };
    }
    let filter: SegmentShown['filter'];
    try {
      // A group may be asked for before anything is written.
      if (form.get('act') === 'group' && form.getAll('group').every((each) => !form.getAll(`${each}.value`).some(Boolean))) return pageOf({ segment, name, filter, spareGroups: 1 }); // prettier-ignore
      filter = filterOf(form);
      if (form.get('act') === 'group') return pageOf({ segment, name, filter, spareGroups: 1 });
      if (form.get('act') === 'save') {
        const known = segment && { ...segment, changedAt: form.get('changedAt') ?? '' };
        await api.saveSegment(name, filter, known);
        return { goTo: '/campaigns/segments?done=saved' };
      }
      const [email, sms] = await Promise.all([
        api.countSegment(filter, 'email'),
        api.countSegment(filter, 'sms'),
      ]);
      return pageOf({ segment, name, filter, counted: [['email', email], ['sms', sms]] }); // prettier-ignore
    } catch (thrown) {
      if (thrown instanceof SegmentSyntaxError) {
        const told = notice(`Условие не понятно: ${thrown.message}`, false);
        return pageOf({ segment, name, filter, told });
      }
      if (!(thrown instanceof CampaignError)) throw thrown;
      return pageOf({ segment, name, filter, told: refusal(refusalWords(thrown.message)) });
    }
  };

  return [
    { method: 'GET', path: '/campaigns/segments', roles, handle: list },
    {
      method: 'GET',
      path: '/campaigns/segments/new',
      roles,
      handle: () => pageOf({ name: '', filter: undefined }),
    },
    { method: 'GET', path: '/campaigns/segments/:id', roles, handle: one },
    { method: 'POST', path: '/campaigns/segments', roles, handle: act },
    { method: 'POST', path: '/campaigns/segments/:id', roles, handle: act },
  ];
}
