/** Тексты: read and written with the person's own token, so the database decides who may; each change is in the journal. */
import { TextError } from '@leadwire/operations/texts/text-error';
import { createTextStore, type TextStore } from '@leadwire/operations/texts/text-store';
import { archiveText, restoreText, saveText, textOf } from '@leadwire/operations/texts/texts';
import { isRaw } from '@leadwire/templates/own-texts/own-text';
import { z } from 'zod';
import { readAnswer } from './data/answers.ts';
import { html, type Content } from './html.ts';
import { NotFoundError, type Route, type Visit } from './http/route.ts';
import { notice } from './pages/parts.ts';
import { withPicture, type PictureRouteParts } from './text-pictures.ts';
import {
  moved,
  newContent,
  newMail,
  asSaved,
  readWriting,
  type Writing,
} from './pages/texts/text-form.ts';
import { textsPage, versionsPage } from './pages/texts/texts-page.ts';
import { frameOf, page } from './text-page.ts';
import { campaignTexts, doneOf, messageTexts, type TextKind } from './text-kinds.ts';
import type { Clock } from './words/time.ts';

/** Sixty blocks of Cyrillic, each letter six bytes on its way, and a picture that is refused with words, not with a page. */
const LARGEST_TEXT = 24 * 1024 * 1024;
const GONE = 'Этого текста больше нет.';

export interface TextRouteParts extends PictureRouteParts {
  clock: Clock;
}

export const textsFor = ({ client }: Visit): TextStore =>
  createTextStore(async (what, p) =>
    readAnswer(z.unknown(), await client.rpc('console_texts', { p_what: what, p })),
  );

/** Texts of campaigns. */
export function textRoutes(parts: TextRouteParts): Route[] {
  const kind = campaignTexts;
  const { roles, place } = kind;
  const list: Route['handle'] = async (visit) => {
    const told = visit.query['problem'] !== undefined && notice(GONE, false);
    const texts = await textsFor(visit).list(kind.purpose);
    return {
      title: 'Тексты',
      body: textsPage(texts, told, parts.clock, visit.person.role === 'owner'),
    };
  };
  const write = writing(parts, kind);
  return [
    { method: 'GET', path: place.home, roles, handle: list },
    {
      method: 'GET',
      path: `${place.home}-new`,
      roles,
      handle: ({ query, person }) => {
        const content = newContent();
        const isMjml = query['kind'] === 'mjml' && person.role === 'owner';
        const mail = isMjml ? { subject: '', preheader: '', mjml: '', text: '' } : content.mail;
        const fresh = { name: '', title: '', base: 0, content: { ...content, mail } };
        return page(kind, fresh, undefined, { isNew: true });
      },
    },
    {
      method: 'POST',
      path: place.home,
      roles,
      largestForm: LARGEST_TEXT,
      handle: (visit) => write(visit, true),
    },
    ...editingRoutes(parts, kind),
  ];
}

/** One text of a kind: written, shown, its versions, and earlier ones. */
export function editingRoutes(parts: TextRouteParts, kind: TextKind): Route[] {
  const { clock } = parts;
  const { roles, place } = kind;
  const write = writing(parts, kind);
  const one: Route['handle'] = async (visit) => {
    const texts = textsFor(visit);
    const name = visit.params['name'] ?? '';
    const version = Number(visit.query['version']) || undefined;
    const text = await texts.read(name, version);
    const [newest] = await texts.versions(name);
    const base = newest?.version ?? 0;
    const isOwn = text !== null && text.purpose === kind.purpose;
    if (!isOwn || (text.isArchived && kind === messageTexts && version === undefined)) {
      const content = await kind.begin(name);
      if (content === undefined) throw new NotFoundError('no such text');
      return page(kind, begun(visit, { name, title: '', base, content }), BUILT_IN(visit, kind));
    }
    const { title, content } = text;
    const isOld = version !== undefined && version !== text.current;
    const old =
      isOld && notice(`Это версия ${text.version}. Сохраните, чтобы она стала новой.`, true);
    return page(kind, { name, title, content, base }, old || doneOf(kind, visit.query['done']));
  };

  return [
    {
      method: 'POST',
      path: `${place.home}-preview`,
      roles,
      largestForm: LARGEST_TEXT,
      handle: async ({ form }) => ({
        frame: await frameOf(kind, readWriting(form, form.get('of') ?? '')),
      }),
    },
    { method: 'GET', path: `${place.home}/:name`, roles, handle: one },
    {
      method: 'POST',
      path: `${place.home}/:name`,
      roles,
      largestForm: LARGEST_TEXT,
      handle: (visit) => write(visit, false),
    },
    {
      method: 'GET',
      path: `${place.home}/:name/versions`,
      roles,
      async handle(visit) {
        const texts = textsFor(visit);
        const text = await found(texts, visit.params['name'] ?? '');
        if (text.purpose !== kind.purpose) throw new NotFoundError('no such text');
        const versions = await texts.versions(text.name);
        return { title: 'Версии', body: versionsPage(place, text, versions, clock) };
      },
    },
    {
      method: 'POST',
      path: `${place.home}/:name/restore`,
      roles,
      handle: (visit) =>
        acted(kind, visit, async (name) => {
          const [version, base] = ['version', 'base'].map(
            (key) => Number(visit.form.get(key)) || 0,
          );
          const given = { name, version: version ?? 0, base: base ?? 0 };
          await restoreText(partsFor(parts, visit), given);
          return 'restored';
        }),
    },
    {
      method: 'POST',
      path: `${place.home}/:name/archive`,
      roles,
      handle: (visit) =>
        acted(kind, visit, async (name) => {
          const isBack = visit.form.get('undo') === 'yes';
          await archiveText(partsFor(parts, visit), name, !isBack);
          return isBack ? 'back' : 'archived';
        }),
    },
  ];
}

const partsFor = ({ bus }: TextRouteParts, visit: Visit) => ({
  bus,
  texts: textsFor(visit),
  actor: visit.person.email,
});

/** The words of a message as it is, or blocks to begin with. */
function begun({ query }: Visit, writing: Writing): Writing {
  if (query['kind'] !== 'blocks') return writing;
  const { mail, sms } = writing.content;
  const head = { subject: mail?.subject ?? '', preheader: '' };
  const { blocks } = newMail();
  const filled = blocks.map((block) =>
    block.type === 'button' ? { ...block, text: 'Открыть', url: '{{ link }}' } : block,
  );
  return { ...writing, content: { sms, mail: mail && { ...head, blocks: filled } } };
}

const BUILT_IN = ({ params, query }: Visit, { place }: TextKind): Content =>
  query['kind'] === 'blocks'
    ? notice('Напишите своё и сохраните. Пока уходит встроенный текст.', true)
    : notice(
        html`Сейчас уходит этот встроенный текст. Его можно изменить здесь или
          <a href="${place.home}/${params['name'] ?? ''}?kind=blocks">написать свой из блоков</a>.`,
        true,
      );

function writing(parts: TextRouteParts, kind: TextKind) {
  return async (visit: Visit, isNew: boolean) => {
    const { form, params } = visit;
    const given = readWriting(form, isNew ? nameOf(form.get('name')) : (params['name'] ?? ''));
    const act = form.get('act') ?? '';
    const { mail } = given.content;
    if (act === 'links') return page(kind, given, undefined, { isNew, isAsking: true });
    if (act.startsWith('picture:')) {
      const [filled, told] = await withPicture(parts, visit, given, Number(act.slice(8)));
      return page(kind, filled, told, { isNew });
    }
    if (act !== 'save') {
      if (mail !== null && isRaw(mail)) return page(kind, given, undefined, { isNew });
      const head = { subject: mail?.subject ?? '', preheader: mail?.preheader ?? '' };
      const content = {
        ...given.content,
        mail: { ...head, blocks: moved(mail?.blocks ?? [], act) },
      };
      return page(kind, { ...given, content }, undefined, { isNew });
    }
    try {
      await saveText(partsFor(parts, visit), { ...asSaved(given), purpose: kind.purpose });
      return { goTo: `${kind.place.home}/${given.name}?done=saved` };
    } catch (thrown) {
      if (!(thrown instanceof TextError)) throw thrown;
      return page(kind, ...(await refused(kind, textsFor(visit), given, thrown)), { isNew });
    }
  };
}

async function found(texts: TextStore, name: string, version?: number) {
  try {
    return await textOf(texts, name, version);
  } catch (thrown) {
    if (thrown instanceof TextError && thrown.problem === 'unknown')
      throw new NotFoundError('no such text');
    throw thrown;
  }
}

async function acted(
  { place }: TextKind,
  { params }: Visit,
  work: (name: string) => Promise<string>,
) {
  const name = params['name'] ?? '';
  try {
    return { goTo: `${place.home}/${name}?done=${await work(name)}` };
  } catch (thrown) {
    if (!(thrown instanceof TextError)) throw thrown;
    if (thrown.problem === 'unknown') return { goTo: `${place.home}?problem=gone` };
    return { goTo: `${place.home}/${name}?done=${thrown.problem}` };
  }
}

/** What somebody wrote stays in the form, and the words say why it is not saved yet. */
async function refused(
  { place }: TextKind,
  texts: TextStore,
  writing: Writing,
  { problem, message }: TextError,
): Promise<[Writing, Content]> {
  if (problem !== 'conflict') return [writing, notice(`Не сохранено. ${message}`, false)];
  const [newest] = await texts.versions(writing.name);
  if (newest === undefined)
    return [{ ...writing, base: 0 }, notice(`${GONE} Сохраните ещё раз: он станет новым.`, false)];
  const href = `${place.home}/${writing.name}?version=${newest.version}`;
  const words = html`Не сохранено: пока вы писали, ${newest.author} сохранил версию
    ${newest.version}. <a href="${href}" target="_blank">Посмотреть её</a>. Ваш текст ниже цел;
    «Сохранить» запишет его поверх новой версией.`;
  return [{ ...writing, base: newest.version }, notice(words, false)];
}

/** As people type a name: spaces and capitals are no reason to refuse it. */
const nameOf = (typed: string | null) =>
  (typed ?? '')
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
    .slice(0, 59);
