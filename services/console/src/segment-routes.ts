/** Segments: counted as they are edited, saved for everybody. */
import { CampaignError } from '@leadwire/operations/campaigns/campaign-error';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import { SegmentSyntaxError } from '@leadwire/shared/contract/segments';
import type { Person } from './data/person.ts';
import type { Clock } from './words/time.ts';
import { NotFoundError, type Answer, type Route, type Visit } from './http/route.ts';
import { refusal, segmentPage, segmentsPage, type SegmentShown } from './pages/campaigns-page.ts';
import { notice } from './pages/parts.ts';
import { filterOf, groupsIn, groupsOf } from './pages/segment-form.ts';
import { refusalWords } from './words/campaigns.ts';

interface Parts {
  campaignsFor: (person: Person) => CampaignApi;
  clock: Clock;
}

const roles = ['owner', 'sales'] as const;
/** Campaigns that a condition may name. */
const OFFERED = 100;
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
    const api = campaignsFor(visit.person);
    const [segment, campaigns] = await Promise.all([segmentOf(api, visit), api.list(OFFERED)]);
    const groups = groupsOf(segment.filter, campaigns);
    return pageOf({ segment, name: segment.name, groups, campaigns });
  };
  const fresh = async ({ person }: Visit): Promise<Answer> => {
    const campaigns = await campaignsFor(person).list(OFFERED);
    return pageOf({ name: '', groups: groupsOf(undefined, campaigns), campaigns });
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
    const campaigns = await api.list(OFFERED);
    const groups = groupsIn(form);
    const shown = { segment, name, groups, campaigns };
    if (form.get('act') === 'group') return pageOf({ ...shown, spareGroups: 1 });
    try {
      const filter = filterOf(groups, campaigns);
      if (form.get('act') === 'save') {
        const known = segment && { ...segment, changedAt: form.get('changedAt') ?? '' };
        await api.saveSegment(name, filter, known);
        return { goTo: '/campaigns/segments?done=saved' };
      }
      const [email, sms] = await Promise.all([
        api.countSegment(filter, 'email'),
        api.countSegment(filter, 'sms'),
      ]);
      return pageOf({
        ...shown,
        counted: [
          ['email', email],
          ['sms', sms],
        ],
      });
    } catch (thrown) {
      if (thrown instanceof SegmentSyntaxError) {
        return pageOf({ ...shown, told: notice(`Условие не понятно: ${thrown.message}.`, false) });
      }
      if (!(thrown instanceof CampaignError)) throw thrown;
      return pageOf({ ...shown, told: refusal(refusalWords(thrown.message)) });
    }
  };

  return [
    { method: 'GET', path: '/campaigns/segments', roles, handle: list },
    { method: 'GET', path: '/campaigns/segments/new', roles, handle: fresh },
    { method: 'GET', path: '/campaigns/segments/:id', roles, handle: one },
    { method: 'POST', path: '/campaigns/segments', roles, handle: act },
    { method: 'POST', path: '/campaigns/segments/:id', roles, handle: act },
  ];
}
