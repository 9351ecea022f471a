/** The page behind the link at the foot of a campaign: what people get mails about, the way out and the way back. */
import { escapeHtml } from '@leadwire/shared/runtime/html';
import { readPage, renderPage } from './pages.ts';

const PAGE = readPage('preferences');

/**
 * `stopped` and `wanted`: what was chosen last by this link. `unknown`: nothing was, or the broker does not say; somebody
 * may have chosen by the link of another mail, so both buttons are there.
 */
export type Choice = 'unknown' | 'stopped' | 'wanted';

const TITLES: Record<Choice, string> = {
  unknown: 'О чём мы вам пишем',
  stopped: 'Вы отписаны от рассылок',
  wanted: 'Рассылки снова приходят',
};
const WORDS: Record<Choice, string> = {
  unknown:
    'Нажмите кнопку, и писем с новостями и приглашениями больше не будет. Вводить ничего не нужно.',
  stopped: 'Больше не напишем. Письмо, которое уже в пути, может ещё прийти.',
  wanted: 'Рады, что вы с нами. Передумаете: эта ссылка есть в каждом письме.',
};
const CAMPAIGNS: Record<Choice, string> = {
  unknown: 'Вы решаете.',
  stopped: 'Не приходят.',
  wanted: 'Приходят.',
};

const stop = (token: string) =>
  `<form method="post" action="/u/${token}"><button type="submit">Отписаться</button></form>`;
const restore = (token: string, words: string) =>
  `<form method="post" action="/u/${token}/restore"><button type="submit" class="quiet">${words}</button></form>`;

const FORMS: Record<Choice, (token: string) => string> = {
  unknown: (token) => stop(token) + restore(token, 'Я отписывался, верните письма'),
  stopped: (token) => restore(token, 'Подписаться снова'),
  wanted: stop,
};

interface Shown {
  choice: Choice;
  /** Of the link: base64url alone. */
  token: string;
  brand: string;
  /** The person's own address, masked, if the link carries it. */
  shown: string | undefined;
}

/** The whole page. */
export function preferencesPage({ choice, token, brand, shown }: Shown): string {
  const parts = {
    title: TITLES[choice],
    who: shown === undefined ? '' : `<p class="who">Адрес: <b>${escapeHtml(shown)}</b></p>`,
    words: WORDS[choice],
    campaigns: CAMPAIGNS[choice],
    forms: FORMS[choice](token),
  };
  return renderPage(PAGE, brand, parts);
}
