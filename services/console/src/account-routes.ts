/** One's own account: a new password, and one's own Telegram. */
import { staffRoles } from '@leadwire/shared/contract/staff-facts';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createStaffTelegram } from '@leadwire/shared/delivery/staff-telegram';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import { TransientError } from '@leadwire/shared/errors';
import { audited } from '@leadwire/operations/audit/audited';
import type { Accounts } from './auth/accounts.ts';
import { passwordProblem } from './auth/routes.ts';
import { seesContacts, type Person } from './data/person.ts';
import type { Html } from './html.ts';
import type { Route } from './http/route.ts';
import { accountPage } from './pages/account-page.ts';
import { telegramCard, type TelegramShown } from './pages/telegram-card.ts';
import type { Clock } from './words/time.ts';

export interface AccountParts {
  accounts: Accounts;
  bus: Bus;
  clock: Clock;
}

export function accountRoutes({ accounts, bus, clock }: AccountParts): Route[] {
  const ties = createStaffTelegram(bus);
  /** For whoever is told of leads; without it while the broker is away. */
  const card = async (person: Person, made?: TelegramShown['made']): Promise<Html | undefined> => {
    if (!seesContacts(person)) return undefined;
    try {
      const tiedAt = (await ties.byStaff(person.id))?.at;
      return telegramCard({ tiedAt, clock, ...(made && { made }) });
    } catch (thrown) {
      if (thrown instanceof TransientError) return undefined;
      throw thrown;
    }
  };
  const show = async (person: Person, shown: { problem?: string; isChanged?: boolean }) =>
    pageOf(person, { ...shown, telegram: await card(person) });

  return [
    {
      method: 'GET',
      path: '/account',
      roles: staffRoles,
      handle({ person, query }) {
        const problem =
          query['weak'] === undefined
            ? {}
            : { problem: 'Этот пароль слишком простой, он не сохранён. Придумайте другой.' };
        return show(person, { ...problem, isChanged: query['changed'] !== undefined });
      },
    },
    {
      method: 'POST',
      path: '/account/password',
      roles: staffRoles,
      async handle({ person, session, form }) {
        const problem = passwordProblem(form);
        if (problem !== undefined) return show(person, { problem });
        const refused = await accounts.setPassword(session, form.get('password') ?? '');
        if (refused === undefined) return { goTo: '/account?changed=1' };
        const words = { weak: 'Этот пароль слишком простой.', same: 'Это прежний пароль.' };
        return show(person, { problem: words[refused] });
      },
    },
    {
      method: 'POST',
      path: '/account/telegram',
      roles: ['owner', 'sales'],
      async handle({ person }) {
        const { id: staffId, email: actor } = person;
        const what = { actor, action: 'staff.telegram_link_made', subject: staffId };
        const made = await audited(bus, what, () =>
          createTelegramCodes(bus).make({ kind: 'staff', staffId }),
        );
        const telegram = await card(person, { ...made, bot: await ties.bot() });
        return pageOf(person, { telegram });
      },
    },
  ];
}

const pageOf = (...shown: Parameters<typeof accountPage>) => ({
  title: 'Моя учётная запись',
  body: accountPage(...shown),
});
