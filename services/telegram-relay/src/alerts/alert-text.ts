/** Alerts as admin groups read them: what it is, what it means, what to do, the service's own words. Telegram's HTML. */
import { escapeHtml } from '@leadwire/shared/runtime/html';
import { formOf } from '@leadwire/shared/runtime/russian';
import type { News, Topic } from './alert-topics.ts';
import { wordsOf } from './alert-words.ts';
import { cut } from '../bot/html.ts';
import { clockIn } from '../russian-words.ts';

/** One message holds 4096 characters; a single alert is cut to this much of its words. */
const LONGEST_WORDS = 700;
const LONGEST_MESSAGE = 3_800;

const MARKS = { critical: '🔴', warning: '🟠', info: '🔵' } as const;

export interface Reader {
  timeZone: string;
  /** Where the console is; without it there are no links. */
  consoleUrl?: string | undefined;
}

/** One topic's news. */
export function alertText(topic: Topic, news: News, { timeZone, consoleUrl }: Reader): string {
  const { raised, resolved, advice = '', page, isEvent } = wordsOf(topic.what);
  const isOn = news === 'raised' || news === 'again';
  const lines = [
    `${isOn ? MARKS[topic.severity] : '🟢'} <b>${escapeHtml(isOn ? raised : resolved)}</b>`,
    isOn ? escapeHtml(advice) : '',
    detailOf(topic, isOn),
    isOn && page && consoleUrl !== undefined
      ? `<a href="${escapeHtml(consoleUrl + page.path)}">Консоль: ${escapeHtml(page.title)}</a>`
      : '',
    isEvent ? countInWords(topic) : repeatsInWords(topic, news, timeZone),
  ];
  return lines.filter((line) => line !== '').join('\n');
}

/** What services say to each other is English: it is for whoever helps. Its end says nothing that the heading does not. */
function detailOf({ message }: Topic, isOn: boolean): string {
  const words = escapeHtml(cut(message, LONGEST_WORDS));
  if (/\p{Script=Cyrillic}/u.test(message)) return words;
  return isOn ? `<i>Подробно: ${words}</i>` : '';
}

function repeatsInWords({ untold, toldAt }: Topic, news: News, timeZone: string): string {
  if (news === 'raised') return countInWords({ untold });
  if (untold === 0) return '';
  const since = toldAt === undefined ? '' : ` с ${clockIn(timeZone, new Date(toldAt))}`;
  return `${news === 'again' ? 'Ещё' : 'За это время'} ${timesInWords(untold)}${since}.`;
}

/** Of what comes one at a time, once is not worth a word. */
function countInWords({ untold }: Pick<Topic, 'untold'>): string {
  return untold > 1 ? `Всего ${timesInWords(untold)}.` : '';
}

/** `1 раз`, `3 раза`, `12 раз`. */
function timesInWords(count: number): string {
  return `${count} ${formOf(count, ['раз', 'раза', 'раз'])}`;
}

/** As few messages as hold them all. */
export function asMessages(texts: readonly string[]): string[] {
  const messages: string[] = [];
  for (const text of texts) {
    const last = messages.at(-1);
    const joined = `${last}\n\n${text}`;
    if (last === undefined || joined.length > LONGEST_MESSAGE) messages.push(text);
    else messages[messages.length - 1] = joined;
  }
  return messages;
}
