/** The two kinds of texts: of campaigns, and in place of the product's own messages. */
import type { TextPurpose } from '@leadwire/operations/texts/text-store';
import { readContent } from '@leadwire/operations/texts/texts';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { checkOwnText, type TextFinding } from '@leadwire/templates/own-texts/check-text';
import {
  builtInText,
  checkOwnMessage,
  showOwnMessage,
} from '@leadwire/templates/own-texts/own-message';
import { compileOwnText } from '@leadwire/templates/own-texts/own-template';
import type { OwnText } from '@leadwire/templates/own-texts/own-text';
import { showOwnText, type Shown } from '@leadwire/templates/own-texts/show-text';
import { templateNames, type TemplateName } from '@leadwire/templates/templates';
import type { Content } from './html.ts';
import { notice } from './pages/parts.ts';
import type { TextPlace } from './pages/texts/editor-page.ts';
import type { Writing } from './pages/texts/text-form.ts';

export interface TextKind {
  purpose: TextPurpose;
  roles: readonly StaffRole[];
  place: TextPlace;
  /** What is said when a text was saved, archived, and brought back. */
  done: Readonly<Record<'saved' | 'archived' | 'back', string>>;
  check(writing: Writing): Promise<TextFinding[]>;
  /** @throws TemplateError, TextError for what cannot be shown */
  show(writing: Writing): Promise<Shown>;
  /** What somebody begins with who asks for a text that nobody wrote yet; undefined where there is none. */
  begin(name: string): Promise<OwnText | undefined>;
}

export const campaignTexts: TextKind = {
  purpose: 'campaign',
  roles: ['owner', 'sales'],
  place: {
    home: '/campaigns/texts',
    homeWord: 'Тексты',
    lede: 'Чтобы отправить его, сделайте рассылку и выберите этот текст.',
    archive: ['Убрать из выбора', 'Снова предлагать'],
  },
  done: {
    saved: 'Сохранено.',
    archived: 'Убран: новым рассылкам не предлагается. Начатые идут как шли.',
    back: 'Снова предлагается рассылкам.',
  },
  check: ({ content }) => checkOwnText(content),
  show: async ({ name, content }) =>
    showOwnText(await compileOwnText(name || 'text', readContent(content)), {}),
  begin: () => Promise.resolve(undefined),
};

const messageOf = (name: string): TemplateName | undefined =>
  templateNames.find((each) => each === name);

export const messageTexts: TextKind = {
  purpose: 'transactional',
  roles: ['owner'],
  place: {
    home: '/settings/texts',
    homeWord: 'Тексты сообщений',
    lede: 'Сохранённый текст уходит людям через несколько секунд.',
    archive: ['Вернуть встроенный текст', 'Снова отправлять свой'],
  },
  done: {
    saved: 'Сохранено. Через несколько секунд сообщения уходят с этим текстом.',
    archived: 'Снова действует встроенный текст.',
    back: 'Снова действует ваш текст.',
  },
  check: async ({ name, content }) => {
    const known = messageOf(name);
    return known ? checkOwnMessage(known, content) : [];
  },
  show: ({ name, content }) => showOwnMessage(name as TemplateName, readContent(content)),
  begin: async (name) => {
    const known = messageOf(name);
    return known && builtInText(known);
  },
};

const DONE: Readonly<Record<string, readonly [string, boolean]>> = {
  restored: ['Прежний текст снова действует.', true],
  conflict: ['Не сделано: текст только что изменил кто-то другой.', false],
  bad_text: ['Не сделано: этот текст написан не так, как нужно сейчас.', false],
};

/** What is said after an act. */
export function doneOf({ done }: TextKind, word: string | undefined): Content {
  const own = (done as Readonly<Record<string, string>>)[word ?? ''];
  if (own !== undefined) return notice(own, true);
  const told = DONE[word ?? ''];
  return told && notice(...told);
}
