/** Проблемы and what is done there: by the operations of the CLI, each asked first and written into the audit log. */
import {
  discardLetters,
  foreseeRedrive,
  redriveLetters,
  type LetterResult,
} from '@leadwire/operations/dead-letters/act';
import { findDeadLetters, type DeadLetter } from '@leadwire/operations/dead-letters/dead-letters';
import { foreseeRelease, releaseLeads } from '@leadwire/operations/leads/release';
import type { Bus } from '@leadwire/shared/broker/bus';
import { quarantineReasons } from '@leadwire/shared/contract/alert-facts';
import { TransientError } from '@leadwire/shared/errors';
import { z } from 'zod';
import { decideIdentity, identityDecisions } from '@leadwire/operations/people/decide-identity';
import { audited } from '@leadwire/operations/audit/audited';
import { readAnswer } from './data/answers.ts';
import { attributionDecisions, decideAttribution } from './data/attribution.ts';
import { readNames, readProblems, type IdentityConflict } from './data/problems.ts';
import type { Route, Visit } from './http/route.ts';
import { groupLetters, type DeadGroup } from './pages/dead-groups.ts';
import { askSame } from './pages/identity-section.ts';
import { notice } from './pages/parts.ts';
import { askDrop, askRedrive, askRelease, problemsPage } from './pages/problems-page.ts';
import { amount, type Clock } from './words/time.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Letters are looked back for so long; older ones are for a terminal. */
const LOOK_BACK_MS = 90 * DAY_MS;

interface Parts {
  bus: Bus;
  clock: Clock;
}

export function problemRoutes(parts: Parts): Route[] {
  const { bus } = parts;
  return [
    {
      method: 'GET',
      path: '/problems',
      roles: ['owner', 'sales'],
      handle: async (visit) => ({ title: 'Проблемы', body: await show(parts, visit) }),
    },
    {
      method: 'POST',
      path: '/problems/redrive',
      roles: ['owner', 'sales'],
      async handle({ form, person }) {
        const group = await groupNamed(parts, form.get('group'));
        const done = await redriveLetters({ bus, actor: person.email }, group?.letters ?? []);
        return told('redriven', countOf(done, 'redrive') + countOf(done, 'settle'));
      },
    },
    {
      method: 'POST',
      path: '/problems/drop',
      roles: ['owner'],
      async handle({ form, person }) {
        const group = await groupNamed(parts, form.get('group'));
        const letters = group?.letters ?? [];
        if (form.get('sure')?.trim() !== String(letters.length)) return told('number', 0);
        const done = await discardLetters({ bus, actor: person.email }, letters);
        return told('dropped', countOf(done, 'drop'));
      },
    },
    {
      method: 'POST',
      path: '/problems/release',
      roles: ['owner'],
      async handle({ form, person }) {
        const reason = reasonOf(form.get('group'));
        const selection = { since: sinceOf(parts), reason };
        const foreseen = reason === undefined ? [] : await foreseeRelease(bus, selection);
        if (form.get('sure')?.trim() !== String(foreseen.length)) return told('number', 0);
        const { released } = await releaseLeads({ bus, actor: person.email }, selection);
        return told('released', released.length);
      },
    },
    {
      method: 'POST',
      path: '/problems/identity',
      roles: ['owner', 'sales'],
      async handle({ client, form, person }) {
        const conflict = z.uuid().safeParse(form.get('conflict')).data;
        const decided = identityDecisions.find((each) => each === form.get('decided'));
        if (conflict === undefined || decided === undefined) return told('decided', 0);
        const decide = async () =>
          readAnswer(
            z.boolean(),
            await client.rpc('console_decide_identity', { conflict, decided }),
          );
        const acting = { bus, actor: person.email };
        return told('decided', Number(await decideIdentity(acting, decide, conflict, decided)));
      },
    },
    {
      method: 'POST',
      path: '/problems/attribution',
      roles: ['owner', 'sales'],
      async handle({ client, form, person }) {
        const conflict = z.uuid().safeParse(form.get('conflict')).data;
        const decided = attributionDecisions.find((each) => each === form.get('decided'));
        if (conflict === undefined || decided === undefined) return told('decided', 0);
        const what = { actor: person.email, action: 'attribution.decided', subject: conflict };
        const decide = () => decideAttribution(client, conflict, decided);
        return told(
          'decided',
          Number(await audited(bus, { ...what, details: { decided } }, decide)),
        );
      },
    },
  ];
}

const sinceOf = ({ clock }: Parts) => new Date(clock.now().getTime() - LOOK_BACK_MS);
const reasonOf = (text: string | null | undefined) =>
  quarantineReasons.find((reason) => reason === text);
const countOf = (results: readonly LetterResult[], act: LetterResult['act']) =>
  results.filter((result) => result.act === act).length;
const told = (what: string, count: number) => ({ goTo: `/problems?done=${what}&n=${count}` });

async function groupNamed(
  parts: Parts,
  key: string | null | undefined,
): Promise<DeadGroup | undefined> {
  const letters = await findDeadLetters(parts.bus, { since: sinceOf(parts) });
  return groupLetters(letters).find((group) => group.key === key);
}

async function show(parts: Parts, { client, query, person }: Visit) {
  const { bus, clock } = parts;
  const [letters, waiting] = await Promise.all([lettersOrNone(parts), readProblems(client)]);
  const { held, unknown, conflicts, tags } = waiting;
  const groups = groupLetters(letters ?? []);
  const ids = groups.flatMap(({ letters: own }) =>
    own.slice(-10).flatMap(({ leadId }) => leadId ?? []),
  );
  const isOwner = person.role === 'owner';
  const key = query['group'] ?? '';
  const form =
    query['ask'] === 'identity'
      ? askedIdentity(conflicts, key)
      : letters && (await askedFor(bus, parts, query['ask'], key, groups, isOwner));
  return problemsPage({
    groups,
    held,
    unknown,
    conflicts,
    tags,
    isOwner,
    clock,
    isBrokerAway: letters === undefined,
    names: await readNames(client, ids),
    ask: form && { key, form },
    told: toldWords(query['done'], Number(query['n'])),
  });
}

/** Undefined while the broker does not answer: the rest of the page is there all the same. */
async function lettersOrNone(parts: Parts): Promise<DeadLetter[] | undefined> {
  try {
    return await findDeadLetters(parts.bus, { since: sinceOf(parts) });
  } catch (thrown) {
    if (thrown instanceof TransientError) return undefined;
    throw thrown;
  }
}

function askedIdentity(conflicts: readonly IdentityConflict[], key: string) {
  const conflict = conflicts.find(({ id }) => id === key);
  return conflict && askSame(conflict);
}

async function askedFor(
  bus: Bus,
  parts: Parts,
  what: string | undefined,
  key: string,
  groups: readonly DeadGroup[],
  isOwner: boolean,
) {
  const group = groups.find((each) => each.key === key);
  const reason = reasonOf(key);
  if (what === 'redrive' && group) {
    return askRedrive(group, await foreseeRedrive(bus, group.letters));
  }
  if (what === 'drop' && group && isOwner) return askDrop(group);
  if (what !== 'release' || reason === undefined || !isOwner) return undefined;
  const found = await foreseeRelease(bus, { since: sinceOf(parts), reason });
  return askRelease(reason, found.length);
}

const TOLD: Readonly<Record<string, string>> = {
  redriven: 'Отправлено заново или разобрано',
  dropped: 'Убрано совсем',
  released: 'Пропущено заявок',
  decided: 'Решено',
};

function toldWords(done: string | undefined, count: number) {
  if (done === 'number') return notice('Число не совпало. Ничего не изменено.', false);
  const words = TOLD[done ?? ''];
  if (words === undefined || !Number.isInteger(count)) return undefined;
  if (count === 0) return notice('Делать было нечего: кто-то уже сделал это.', false);
  return notice(`${words}: ${amount(count)}.`, true);
}
