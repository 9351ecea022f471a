/** Тексты: read and written with the person's own token, so the database decides who may; each change is in the journal. */
import { checkLinks } from '@leadwire/operations/texts/check-links';
import { TextError } from '@leadwire/operations/texts/text-error';
import { createTextStore, type TextStore } from '@leadwire/operations/texts/text-store';
import { archiveText, readContent, restoreText, saveText, textOf } from '@leadwire/operations/texts/texts'; // prettier-ignore
import { addressesIn, checkOwnText, type TextFinding } from '@leadwire/templates/own-texts/check-text'; // prettier-ignore
import { compileOwnText } from '@leadwire/templates/own-texts/own-template';
import { isRaw } from '@leadwire/templates/own-texts/own-text';
import { showOwnText } from '@leadwire/templates/own-texts/show-text';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { z } from 'zod';
import { readAnswer } from './data/answers.ts';
import { html, type Content } from './html.ts';
import { NotFoundError, type Route, type Visit } from './http/route.ts';
import { notice } from './pages/parts.ts';
import { editorPage } from './pages/texts/editor-page.ts';
import { moved, newContent, readWriting, type Writing } from './pages/texts/text-form.ts';
import { textsPage, versionsPage } from './pages/texts/texts-page.ts';
import type { Clock } from './words/time.ts';

const roles: readonly StaffRole[] = ['owner', 'sales'];
/** Sixty blocks of Cyrillic, each letter six bytes on its way. */
const LARGEST_TEXT = 1024 * 1024;
const GONE = 'Этого текста больше нет.';

export function textRoutes({ bus, clock }: { bus: Bus; clock: Clock }): Route[] {
  const textsFor = ({ client }: Visit): TextStore =>
    createTextStore(async (what, p) =>
      readAnswer(z.unknown(), await client.rpc('console_texts', { p_what: what, p })),
    );
  const partsFor = (visit: Visit) => ({ bus, texts: textsFor(visit), actor: visit.person.email });

  const list: Route['handle'] = async (visit) => {
    const told = visit.query['problem'] !== undefined && notice(GONE, false);
    const texts = await textsFor(visit).list('campaign');
    return { title: 'Тексты', body: textsPage(texts, told, clock) };
  };
  const one: Route['handle'] = async (visit) => {
    const version = Number(visit.query['version']) || undefined;
    const text = await found(textsFor(visit), visit.params['name'] ?? '', version);
    const [newest] = await textsFor(visit).versions(text.name);
    const { name, title, content } = text;
    const writing = { name, title, content, base: newest?.version ?? text.current };
    const isOld = version !== undefined && version !== text.current;
    const old =
      isOld && notice(`Это версия ${text.version}. Сохраните, чтобы она стала новой.`, true);
    return page(writing, old || doneOf(visit.query['done']));
  };
  const write = async (visit: Visit, isNew: boolean) => {
    const { form, params } = visit;
    const writing = readWriting(form, isNew ? nameOf(form.get('name')) : (params['name'] ?? ''));
    const act = form.get('act') ?? '';
    const { mail } = writing.content;
    if (act === 'links') return page(writing, undefined, { isNew, isAsking: true });
    if (act !== 'save') {
      if (mail !== null && isRaw(mail)) return page(writing, undefined, { isNew });
      const head = { subject: mail?.subject ?? '', preheader: mail?.preheader ?? '' };
      const content = {
        ...writing.content,
        mail: { ...head, blocks: moved(mail?.blocks ?? [], act) },
      };
      return page({ ...writing, content }, undefined, { isNew });
    }
    try {
      await saveText(partsFor(visit), { ...writing, purpose: 'campaign' });
      return { goTo: `/campaigns/texts/${writing.name}?done=saved` };
    } catch (thrown) {
      if (!(thrown instanceof TextError)) throw thrown;
      return page(...(await refused(textsFor(visit), writing, thrown)), { isNew });
    }
  };

  return [
    { method: 'GET', path: '/campaigns/texts', roles, handle: list },
    {
      method: 'GET',
      path: '/campaigns/texts-new',
      roles,
      handle: ({ query, person }) => {
        const content = newContent();
        const isMjml = query['kind'] === 'mjml' && person.role === 'owner';
        const mail = isMjml ? { subject: '', preheader: '', mjml: '', text: '' } : content.mail;
        const writing = { name: '', title: '', base: 0, content: { ...content, mail } };
        return page(writing, undefined, { isNew: true });
      },
    },
    {
      method: 'POST',
      path: '/campaigns/texts-preview',
      roles,
      largestForm: LARGEST_TEXT,
      handle: async ({ form }) => ({ frame: await frameOf(readWriting(form, 'text')) }),
    },
    {
      method: 'POST',
      path: '/campaigns/texts',
      roles,
      largestForm: LARGEST_TEXT,
      handle: (visit) => write(visit, true),
    },
    { method: 'GET', path: '/campaigns/texts/:name', roles, handle: one },
    {
      method: 'POST',
      path: '/campaigns/texts/:name',
      roles,
      largestForm: LARGEST_TEXT,
      handle: (visit) => write(visit, false),
    },
    {
      method: 'GET',
      path: '/campaigns/texts/:name/versions',
      roles,
      async handle(visit) {
        const texts = textsFor(visit);
        const text = await found(texts, visit.params['name'] ?? '');
        return {
          title: 'Версии',
          body: versionsPage(text, await texts.versions(text.name), clock),
        };
      },
    },
    {
      method: 'POST',
      path: '/campaigns/texts/:name/restore',
      roles,
      handle: (visit) =>
        acted(visit, async (name) => {
          const [version, base] = ['version', 'base'].map(
            (key) => Number(visit.form.get(key)) || 0,
          );
          await restoreText(partsFor(visit), { name, version: version ?? 0, base: base ?? 0 });
          return 'restored';
        }),
    },
    {
      method: 'POST',
      path: '/campaigns/texts/:name/archive',
      roles,
      handle: (visit) =>
        acted(visit, async (name) => {
          const isBack = visit.form.get('undo') === 'yes';
          await archiveText(partsFor(visit), name, !isBack);
          return isBack ? 'back' : 'archived';
        }),
    },
  ];
}

async function found(texts: TextStore, name: string, version?: number) {
  try {
    return await textOf(texts, name, version);
  } catch (thrown) {
    if (thrown instanceof TextError && thrown.problem === 'unknown') throw new NotFoundError('no such text'); // prettier-ignore
    throw thrown;
  }
}

async function acted({ params }: Visit, work: (name: string) => Promise<string>) {
  const name = params['name'] ?? '';
  try {
    return { goTo: `/campaigns/texts/${name}?done=${await work(name)}` };
  } catch (thrown) {
    if (!(thrown instanceof TextError)) throw thrown;
    if (thrown.problem === 'unknown') return { goTo: '/campaigns/texts?problem=gone' };
    return { goTo: `/campaigns/texts/${name}?done=${thrown.problem}` };
  }
}

interface Shown {
  isNew?: boolean;
  /** Links are asked, too: that takes seconds. */
  isAsking?: boolean;
}

async function page(
  writing: Writing,
  told: Content,
  { isNew = false, isAsking = false }: Shown = {},
) {
  const [found, links, shown] = await Promise.all([
    checkOwnText(writing.content),
    isAsking ? checkLinks(addressesIn(writing.content)) : [],
    show(writing),
  ]);
  const findings: TextFinding[] = [...found, ...links];
  const asked = isAsking && notice(links.length === 0 ? 'Все ссылки открываются.' : 'Не все ссылки открываются.', links.length === 0); // prettier-ignore
  const body = editorPage({
    writing,
    findings,
    sms: shown?.sms ?? null,
    told: told ?? asked,
    isNew,
  });
  return { title: 'Текст', body };
}

/** Undefined for what cannot be put together: the checks say why. */
async function show({ content, name }: Writing) {
  try {
    return await showOwnText(await compileOwnText(name || 'text', readContent(content)), {});
  } catch {
    return undefined;
  }
}

async function frameOf(writing: Writing): Promise<string> {
  const shown = await show(writing);
  if (shown?.mail) return shown.mail.html;
  const words = shown?.sms?.text ?? 'Пока показать нечего: посмотрите, что говорит проверка.';
  return html`<!doctype html><meta charset="utf-8" /><p style="font: 17px/1.5 system-ui; padding: 16px; overflow-wrap: anywhere">${words}</p>`.text; // prettier-ignore
}

/** What somebody wrote stays in the form, and the words say why it is not saved yet. */
async function refused(
  texts: TextStore,
  writing: Writing,
  { problem, message }: TextError,
): Promise<[Writing, Content]> {
  if (problem !== 'conflict') return [writing, notice(`Не сохранено. ${message}`, false)];
  const [newest] = await texts.versions(writing.name);
  if (newest === undefined) return [{ ...writing, base: 0 }, notice(`${GONE} Сохраните ещё раз: он станет новым.`, false)]; // prettier-ignore
  const href = `/campaigns/texts/${writing.name}?version=${newest.version}`;
  const words = html`Не сохранено: пока вы писали, ${newest.author} сохранил версию ${newest.version}. <a href="${href}" target="_blank">Посмотреть её</a>. Ваш текст ниже цел; «Сохранить» запишет его поверх новой версией.`; // prettier-ignore
  return [{ ...writing, base: newest.version }, notice(words, false)];
}

/** As people type a name: spaces and capitals are no reason to refuse it. */
const nameOf = (typed: string | null) =>
  (typed ?? '')
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
    .slice(0, 59);

const DONE: Readonly<Record<string, readonly [string, boolean]>> = {
  saved: ['Сохранено.', true],
  restored: ['Прежний текст снова действует.', true],
  archived: ['Убран: новым рассылкам не предлагается. Начатые идут как шли.', true],
  back: ['Снова предлагается рассылкам.', true],
  conflict: ['Не сделано: текст только что изменил кто-то другой.', false],
  bad_text: ['Не сделано: этот текст написан не так, как нужно сейчас.', false],
};

function doneOf(word: string | undefined): Content {
  const told = DONE[word ?? ''];
  return told && notice(...told);
}
