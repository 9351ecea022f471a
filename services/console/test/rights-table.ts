/** Who may what in the console: each page and action as one line. */
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { people, type Visitor } from './rig.ts';

export const ALL: readonly StaffRole[] = people;
export const CONTACTS: readonly StaffRole[] = ['owner', 'sales'];
const REPORTS: readonly StaffRole[] = ['owner', 'viewer', 'targetologist'];
const OWNER: readonly StaffRole[] = ['owner'];

/** Every page and action, and who may; everybody else gets 403 and no link to it. */
export const MAY: Readonly<Record<string, readonly StaffRole[]>> = {
  'GET /': ALL,
  'GET /leads': ALL,
  'POST /leads': ALL,
  'GET /leads/csv': ALL,
  'GET /leads/:id': ALL,
  'POST /leads/:id/release': CONTACTS,
  'POST /leads/:id/cancel': CONTACTS,
  'POST /leads/:id/retry': CONTACTS,
  'POST /leads/:id/retry-unknown': CONTACTS,
  'POST /leads/:id/resend-email': CONTACTS,
  'POST /leads/:id/resend-sms': CONTACTS,
  'GET /problems': CONTACTS,
  'POST /problems/redrive': CONTACTS,
  'POST /problems/drop': OWNER,
  'POST /problems/identity': CONTACTS,
  'POST /problems/attribution': CONTACTS,
  'POST /problems/release': OWNER,
  'GET /reports': REPORTS,
  'GET /reports/csv': REPORTS,
  'GET /reports/spend': OWNER,
  'POST /reports/spend': OWNER,
  'GET /campaigns': CONTACTS,
  'GET /campaigns/new': CONTACTS,
  'POST /campaigns': CONTACTS,
  'GET /campaigns/sequences': CONTACTS,
  'GET /campaigns/sequences/new': CONTACTS,
  'POST /campaigns/sequences': CONTACTS,
  'GET /campaigns/sequences/:id': CONTACTS,
  'POST /campaigns/sequences/:id': CONTACTS,
  'POST /campaigns/sequences/:id/on': CONTACTS,
  'POST /campaigns/sequences/:id/off': CONTACTS,
  'POST /campaigns/sequences/:id/delete': CONTACTS,
  'POST /campaigns/sequences/:id/stop': CONTACTS,
  'GET /campaigns/compare': CONTACTS,
  'GET /campaigns/segments': CONTACTS,
  'GET /campaigns/segments/new': CONTACTS,
  'GET /campaigns/segments/:id': CONTACTS,
  'POST /campaigns/segments': CONTACTS,
  'POST /campaigns/segments/:id': CONTACTS,
  'GET /campaigns/:id': CONTACTS,
  'GET /campaigns/:id/report.csv': CONTACTS,
  ...Object.fromEntries(
    [
      ...['text', 'people', 'times', 'test', 'start', 'pause', 'resume', 'cancel', 'rate', 'retry'],
      ...['copy', 'resend', 'delete', 'subjects'],
    ].map((act) => [`POST /campaigns/:id/${act}`, CONTACTS]),
  ),
  'GET /partners': CONTACTS,
  'GET /partners/new': CONTACTS,
  'POST /partners': CONTACTS,
  'POST /partners/tiers': OWNER,
  'GET /partners/csv': OWNER,
  'GET /partners/:id': CONTACTS,
  'POST /partners/:id/approve': OWNER,
  'POST /partners/:id/pay': OWNER,
  'GET /settings': OWNER,
  'GET /settings/forms': OWNER,
  'GET /settings/audit': OWNER,
  'GET /settings/upkeep': OWNER,
  'POST /settings/staff/add': OWNER,
  'POST /settings/staff/change': OWNER,
  'POST /settings/staff/disable': OWNER,
  'POST /settings/staff/enable': OWNER,
  'POST /settings/staff/link': OWNER,
  'GET /campaigns/texts': CONTACTS,
  'GET /campaigns/texts-new': CONTACTS,
  'POST /campaigns/texts-preview': CONTACTS,
  'POST /campaigns/texts': CONTACTS,
  'GET /campaigns/texts/:name': CONTACTS,
  'POST /campaigns/texts/:name': CONTACTS,
  'GET /campaigns/texts/:name/versions': CONTACTS,
  'POST /campaigns/texts/:name/restore': CONTACTS,
  'POST /campaigns/texts/:name/archive': CONTACTS,
  'GET /settings/texts': OWNER,
  'POST /settings/texts-preview': OWNER,
  'GET /settings/texts/:name': OWNER,
  'POST /settings/texts/:name': OWNER,
  'GET /settings/texts/:name/versions': OWNER,
  'POST /settings/texts/:name/restore': OWNER,
  'POST /settings/texts/:name/archive': OWNER,
  'GET /account': ALL,
  'POST /account/password': ALL,
  'POST /account/telegram': CONTACTS,
};

/** Every page that somebody may see, as its path in the table; what is downloaded or asked for by a page is none. */
export function pagesOf(role: StaffRole): string[] {
  const routes = Object.keys(MAY).filter((route) => MAY[route]?.includes(role));
  const paths = routes.flatMap((route) => /^GET (.*)/.exec(route)?.[1] ?? []);
  return paths.filter((path) => !/csv$|texts.:name.versions$/.test(path));
}

/** Three leads, and who sees each; a targetologist has the tag "facebook". */
export const ROWS: Readonly<Record<'tagged' | 'foreign' | 'held', readonly StaffRole[]>> = {
  tagged: ALL,
  foreign: ['owner', 'sales', 'viewer'],
  held: ['owner', 'sales', 'viewer'],
};
export type RowName = keyof typeof ROWS;
export const rowNames = Object.keys(ROWS) as RowName[];

/** Where the links and forms of a page go that somebody may not follow, as lines of the table. */
export function beyondRights(role: StaffRole, page: string): string[] {
  const links = [...page.matchAll(/(action|href)="(\/[^"?#]*)/g)];
  const targets = links.map(([, attribute, path = '']) => {
    const pattern = path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, ':id');
    return `${attribute === 'action' ? 'POST' : 'GET'} ${pattern}`;
  });
  return targets.filter((target) => MAY[target]?.includes(role) === false);
}

/** Asks for a route as a form would that says nothing: whoever may gets an answer, and nothing changes. */
export function askRoute(visitor: Visitor, route: string, leadId: string): Promise<Response> {
  const [method = '', pattern = ''] = route.split(' ');
  const path = pattern.replace(':name', 'open-day').replace(':id', leadId);
  return method === 'GET' ? visitor.get(path) : visitor.post(path, { sure: '-', group: '-' });
}
