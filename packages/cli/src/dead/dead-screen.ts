/** Dead letters as a person reads them. */
import type { DeadLetter } from '@leadwire/operations/dead-letters/dead-letters';
import type { Verdict } from '@leadwire/operations/dead-letters/redrive';
import { maskJson, maskText } from '@leadwire/operations/masking/mask';
import { answer } from '../answer.ts';
import { ALMATY_NOTE, clock, columns, counted, fromNow, oneLine, paint } from '../terminal.ts';

const SAMPLE = 10;
/** With less room than this the error would not fit beside a whole id; `leads show` takes a part of one. */
const isNarrow = () => process.stdout.isTTY && process.stdout.columns < 130;

export function listLetters(letters: readonly DeadLetter[], total: number): string[] {
  const head = ['SEQ', 'WHEN', 'DURABLE', 'CAUSE', 'ATTEMPTS', 'LEAD', 'ERROR'];
  const rows = letters.map((letter) => [
    String(letter.seq),
    clock(letter.at),
    letter.durable,
    paint('yellow', letter.cause),
    String(letter.attempts),
    isNarrow() ? (letter.leadId ?? '-').slice(0, 18) : (letter.leadId ?? '-'),
    maskText(oneLine(letter.error)),
  ]);
  const shown = letters.length < total ? `${letters.length} of ${total} shown (--limit)` : '';
  const footer = shown || counted(total, 'dead letter');
  return [...columns(head, rows), '', paint('dim', `${footer}. ${ALMATY_NOTE}`)];
}

/** For a program: what the list shows, whole, without the payload. */
export function letterRow({
  data: _data,
  json: _json,
  delivery: _delivery,
  ...letter
}: DeadLetter) {
  return { ...letter, error: maskText(letter.error) };
}

/** A few of them with what will become of each. */
export function showSample(letters: readonly DeadLetter[], verdicts: readonly Verdict[] = []) {
  const sample = letters.slice(0, SAMPLE);
  const head = ['SEQ', 'WHEN', 'DURABLE', 'CAUSE', verdicts.length > 0 ? 'WHAT HAPPENS' : 'ERROR'];
  const rows = sample.map((letter, index) => [
    String(letter.seq),
    clock(letter.at),
    letter.durable,
    paint('yellow', letter.cause),
    verdicts[index] ? whyOf(verdicts[index]) : maskText(oneLine(letter.error)),
  ]);
  const more = letters.length - sample.length;
  return [...columns(head, rows, '  '), ...(more > 0 ? [`  … and ${more} more`] : [])];
}

function whyOf({ why, problem }: Verdict): string {
  return problem === 'may_have_been_sent' ? `${why}: --unknown-too sends it all the same` : why;
}

/** One letter whole, on a screen and for a program. */
export function showLetter(letter: DeadLetter, isPrivate: boolean): void {
  const { json, data } = letter;
  const text = json === undefined ? oneLine(new TextDecoder().decode(data)) : undefined;
  const payload = text !== undefined ? text : isPrivate ? json : maskJson(json);
  const fields: [string, string][] = [
    ['when', `${clock(letter.at)} (${fromNow(letter.at)})`],
    ['durable', letter.durable],
    ['subject', letter.subject],
    ['cause', paint('yellow', letter.cause)],
    ['error', maskText(oneLine(letter.error))],
    ['attempts', String(letter.attempts)],
    ['lead', letter.leadId ?? '-'],
  ];
  const lines = [
    paint('bold', `Dead letter ${letter.seq}`),
    ...fields.map(([name, value]) => `  ${name.padEnd(9)}${value}`),
    '',
    typeof payload === 'string'
      ? `Not JSON, ${counted(data.length, 'byte')}${isPrivate ? `: ${payload}` : ''}`
      : escapeControls(JSON.stringify(payload, null, 2)),
    ...(isPrivate ? [] : ['', paint('dim', 'Contact data is masked; --private shows it.')]),
  ];
  answer({ ...letterRow(letter), payload }, ...lines);
}

/** JSON.stringify leaves C1 controls and bidirectional marks as they are; a terminal may obey them. */
function escapeControls(text: string): string {
  return text.replace(
    /[^\P{C}\n]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
