/**
 * The answers of a test come as the landing page sent them: any keys, any depth. A mail shows the simple ones.
 */
import { toOneLine, toShownText } from './user-text.ts';

/** One line of the list of answers; `question` may still be a technical key, `labelQuestion` names it. */
export type AnswerRow = { question: string; answer: string };

/** What a mail shows of a lead's answers. Flags are apart because an empty list is true in a Liquid `if`. */
export type ShownAnswers = {
  result: string | null;
  answers: AnswerRow[];
  hasAnswers: boolean;
  hasMoreAnswers: boolean;
};

// A mail is skimmed on a phone: past ten rows nobody reads, and Gmail clips a mail of over 102 KB.
const MAX_ROWS = 10;
const MAX_LIST_ITEMS = 10;
const MAX_QUESTION_LENGTH = 120;
const MAX_ANSWER_LENGTH = 240;
const MAX_RESULT_LENGTH = 120;
const MAX_DEPTH = 2;

const RESULT_KEYS = new Set(['result', 'test_result', 'testresult', 'результат']);
const RESULT_NAME_KEYS = ['title', 'name', 'label', 'value'];

/** Reads answers of any shape; what is not an object counts as no answers. Never throws. */
export function readAnswers(raw: unknown): ShownAnswers {
  let result: string | null = null;
  const rows: AnswerRow[] = [];
  for (const [key, value] of isRecord(raw) ? Object.entries(raw) : []) {
    if (key.startsWith('_')) continue;
    const named = RESULT_KEYS.has(key.toLowerCase()) ? readResult(value) : '';
    if (named !== '' && result === null) result = named;
    else rows.push(...readRows(key, value));
  }
  return {
    result,
    answers: rows.slice(0, MAX_ROWS),
    hasAnswers: rows.length > 0,
    hasMoreAnswers: rows.length > MAX_ROWS,
  };
}

/**
 * The words shown for a question: the label that `answer-labels.json` gives the key, «Вопрос 3» for `q3`,
 * words for `snake_case` and `camelCase`, and anything else as it is.
 */
export function labelQuestion(question: string, labels: Readonly<Record<string, string>>): string {
  const label = Object.hasOwn(labels, question) ? labels[question] : undefined;
  if (label !== undefined) return label;
  const numbered = /^(?:q|question|вопрос)?[\s_-]*(\d{1,3})$/iu.exec(question);
  if (numbered) return `Вопрос ${numbered[1]}`;
  if (!/^[a-z][a-z0-9_-]*$/i.test(question)) return question;
  const words = question.replace(/[_-]+/g, ' ').replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

function readResult(value: unknown): string {
  if (!isRecord(value)) return showValue(value, MAX_RESULT_LENGTH);
  const key = RESULT_NAME_KEYS.find((name) => typeof value[name] === 'string');
  return key === undefined ? '' : showValue(value[key], MAX_RESULT_LENGTH);
}

function readRows(key: string, value: unknown): AnswerRow[] {
  const pairs = (Array.isArray(value) ? value : [value]).filter(isQuestionAndAnswer);
  const rows =
    pairs.length > 0 ? pairs.map((pair) => toRow(pair.question, pair.answer)) : [toRow(key, value)];
  return rows.filter((row) => row.question !== '' && row.answer !== '');
}

function toRow(question: string, answer: unknown): AnswerRow {
  return {
    question: toShownText(question, MAX_QUESTION_LENGTH),
    answer: showValue(answer, MAX_ANSWER_LENGTH),
  };
}

function showValue(value: unknown, maxLength: number): string {
  return toShownText(toWords(value, 0), maxLength);
}

function toWords(value: unknown, depth: number): string {
  if (typeof value === 'string') return toOneLine(value);
  if (typeof value === 'boolean') return value ? 'Да' : 'Нет';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return '';
  if (Array.isArray(value)) {
    return joinWords(value.slice(0, MAX_LIST_ITEMS).map((item) => toWords(item, depth + 1)));
  }
  return joinWords(
    Object.entries(value)
      .slice(0, MAX_LIST_ITEMS)
      .map(([key, item]) => [labelQuestion(key, {}), toWords(item, depth + 1)])
      .map(([key, words]) => (words === '' ? '' : `${key}: ${words}`)),
  );
}

function joinWords(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('; ');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isQuestionAndAnswer(value: unknown): value is { question: string; answer: unknown } {
  return isRecord(value) && typeof value['question'] === 'string' && 'answer' in value;
}
