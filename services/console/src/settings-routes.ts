/** Настройки, for owners: with their own token, so the database decides once more. */
import { audited } from '@leadwire/operations/audit/audited';
import { createStaffDirectory } from '@leadwire/operations/staff/directory';
import { addStaff, changeStaff, disableStaff, enableStaff } from '@leadwire/operations/staff/staff';
import { StaffError, type StaffProblem } from '@leadwire/operations/staff/staff-error';
import type { Bus } from '@leadwire/shared/broker/bus';
import { staffRoles } from '@leadwire/shared/contract/staff-facts';
import { upkeep } from '@leadwire/operations/upkeep/upkeep';
import type { Accounts } from './auth/accounts.ts';
import { readAudit, readForms, readUpkeep } from './data/settings.ts';
import type { Route, Visit } from './http/route.ts';
import { notice } from './pages/parts.ts';
import { auditPage, formsPage, staffPage } from './pages/settings-page.ts';
import { upkeepPage } from './pages/upkeep-page.ts';
import type { Clock } from './words/time.ts';

export interface SettingsParts {
  bus: Bus;
  accounts: Pick<Accounts, 'sendLink'>;
  clock: Clock;
  publicUrl: string | undefined;
}

const AUDIT_ROWS = 50;

const WORDS: Readonly<Record<StaffProblem, string>> = {
  bad_address: 'Это не похоже на адрес почты.',
  unknown: 'Такого сотрудника нет.',
  exists: 'Такой сотрудник уже есть.',
  disabled: 'Сотрудник отключён: сначала включите.',
  no_tags: 'Таргетолог видит заявки по своим меткам: напишите хотя бы одну.',
  last_owner: 'Это последний владелец: сначала назначьте другого.',
  address_taken: 'Эта почта занята другой учётной записью.',
  other_address: 'У этой учётной записи другая почта.',
  not_allowed: 'Это может только владелец.',
};

export function settingsRoutes({ bus, accounts, clock, publicUrl }: SettingsParts): Route[] {
  const get = (
    path: string,
    body: (visit: Visit) => Promise<ReturnType<typeof staffPage>>,
  ): Route => ({
    method: 'GET',
    path,
    roles: ['owner'],
    handle: async (visit) => ({ title: 'Настройки', body: await body(visit) }),
  });
  const partsOf = ({ client, person }: Visit) => {
    return { bus, directory: createStaffDirectory(client), actor: person.email };
  };
  const act = (what: string, work: (visit: Visit, email: string) => Promise<unknown>): Route => ({
    method: 'POST',
    path: `/settings/staff/${what}`,
    roles: ['owner'],
    async handle(visit) {
      try {
        await work(visit, visit.form.get('email') ?? '');
        return { goTo: `/settings?done=${what}` };
      } catch (thrown) {
        if (thrown instanceof StaffError) return { goTo: `/settings?problem=${thrown.problem}` };
        throw thrown;
      }
    },
  });

  return [
    get('/settings', async (visit) => {
      const members = await createStaffDirectory(visit.client).list();
      return staffPage(members, visit.person, toldOf(visit.query));
    }),
    get('/settings/forms', async ({ client }) =>
      formsPage(await readForms(client), publicUrl, clock),
    ),
    get('/settings/audit', async ({ client, query }) => {
      const before = Number.isNaN(Date.parse(query['before'] ?? '')) ? undefined : query['before'];
      const rows = await readAudit(client, before, AUDIT_ROWS);
      const last = rows.length === AUDIT_ROWS ? rows.at(-1)?.at : undefined;
      const next = last ? `/settings/audit?before=${encodeURIComponent(last)}` : undefined;
      return auditPage(rows, next, clock);
    }),
    get('/settings/upkeep', async ({ client }) =>
      upkeepPage(await upkeep({ bus, read: readUpkeep(client) }, clock.now())),
    ),
    act('add', (visit, email) =>
      addStaff(partsOf(visit), { email, role: 'viewer', ...changeOf(visit.form) }),
    ),
    act('change', (visit, email) => changeStaff(partsOf(visit), email, changeOf(visit.form))),
    act('disable', (visit, email) => disableStaff(partsOf(visit), email)),
    act('enable', (visit, email) => enableStaff(partsOf(visit), email)),
    act('link', (visit, email) => sendLink(bus, accounts, visit, email)),
  ];
}

function changeOf(form: URLSearchParams) {
  const role = staffRoles.find((each) => each === form.get('role'));
  const utmSources = (form.get('utmSources') ?? '').split(',');
  return { name: (form.get('name') ?? '').trim().slice(0, 100), utmSources, ...(role && { role }) };
}

/** By mail, because the console holds no key with which it could make a link itself. */
async function sendLink(
  bus: Bus,
  accounts: Pick<Accounts, 'sendLink'>,
  { client, person }: Visit,
  email: string,
): Promise<void> {
  const member = await createStaffDirectory(client).find(email);
  if (!member) throw new StaffError('unknown', 'no such person');
  const what = { actor: person.email, action: 'staff.link_sent', subject: member.staffId };
  await audited(bus, what, () => accounts.sendLink(email));
}

const DONE: Readonly<Record<string, string>> = {
  add: 'Сотрудник добавлен. В течение минуты ему придёт письмо со ссылкой: по ней он придумает пароль и войдёт.',
  change: 'Изменено. Действует со следующего запроса.',
  disable: 'Отключён. Уже ничего не видит.',
  enable: 'Включён. Пароль прежний.',
  link: 'Письмо со ссылкой отправлено.',
};

function toldOf(query: Readonly<Record<string, string>>) {
  const problem = WORDS[query['problem'] as StaffProblem] as string | undefined;
  if (problem !== undefined) return notice(problem, false);
  const done = DONE[query['done'] ?? ''];
  return done !== undefined && notice(done, true);
}
