/**
 * The answers of a test come as the landing page sent them: any keys, any depth. The person's own mail shows what has
 * our labels; the staff reads the rest too, without links.
 */
import { answerLabel, questionLabel } from './labels.ts';
import { toOneLine, toShownText } from './user-text.ts';

/** One line of the list of answers, both halves in words. */
export type AnswerRow = { question: string; answer: string };

/** What is shown of a lead's answers. Flags are apart because an empty list is true in a Liquid `if`. */
export type ShownAnswers = {
  result: string | null;
  answers: AnswerRow[];
  hasAnswers: boolean;
  /** There is more than what is shown. */
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

/** Who reads it: what is shown of a question and of one answer, empty for nothing. */
interface Reader {
  question(key: string): string;
  answer(value: string | number | boolean): string;
}

const person: Reader = {
  question: (key) => questionLabel(key) ?? '',
  answer: (value) => answerLabel(value) ?? '',
};
const staff: Reader = {
  question: (key) => toShownText(labelQuestion(key), MAX_QUESTION_LENGTH),
  answer: (value) => answerLabel(value) ?? toShownText(String(value), MAX_ANSWER_LENGTH),
};

/** The answers for our own people: known ones by our labels, others as typed, without links. Never throws. */
export function readAnswers(raw: unknown): ShownAnswers {
  return readFor(staff, raw);
}

/** The answers for the person whose address was typed into the form: only what has our labels. Never throws. */
export function readOwnAnswers(raw: unknown): ShownAnswers {
  return readFor(person, raw);
}

/**
 * The words for a question: our label, else words for `snake_case` and `camelCase`, and anything else as it is. What it
 * has given already it gives again.
 */
export function labelQuestion(question: string): string {
  const label = questionLabel(question);
  if (label !== undefined || !/^[a-z][a-z0-9_-]*$/i.test(question)) return label ?? question;
  const words = question.replace(/[_-]+/g, ' ').replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

function readFor(reader: Reader, raw: unknown): ShownAnswers {
  let result: string | null = null;
  const rows: AnswerRow[] = [];
  for (const [key, value] of isRecord(raw) ? Object.entries(raw) : []) {
    if (key.startsWith('_')) continue;
    const named = RESULT_KEYS.has(key.toLowerCase()) ? readResult(reader, value) : '';
    if (named !== '' && result === null) result = named;
    else rows.push(...readRows(reader, key, value));
  }
  const shown = rows.filter(({ question, answer }) => question !== '' && answer !== '');
  return {
    result,
    answers: shown.slice(0, MAX_ROWS),
    hasAnswers: shown.length > 0,
    hasMoreAnswers: shown.length > MAX_ROWS,
  };
}

function readResult(reader: Reader, value: unknown): string {
  const key = RESULT_NAME_KEYS.find((name) => isRecord(value) && typeof value[name] === 'string');
  const named = isRecord(value) ? (key === undefined ? '' : value[key]) : value;
  return toShownText(toWords(reader, named, 0), MAX_RESULT_LENGTH);
}

function readRows(reader: Reader, key: string, value: unknown): AnswerRow[] {
  const toRow = (question: string, answer: unknown): AnswerRow => {
    const words = toShownText(toWords(reader, answer, 0), MAX_ANSWER_LENGTH);
    return { question: reader.question(question), answer: words };
  };
  const pairs = (Array.isArray(value) ? value : [value]).filter(isQuestionAndAnswer);
  if (pairs.length === 0) return [toRow(key, value)];
  return pairs.map((pair) => toRow(pair.question, pair.answer));
}

function toWords(reader: Reader, value: unknown, depth: number): string {
  if (typeof value === 'string') return toOneLine(value) === '' ? '' : reader.answer(value);
  if (typeof value === 'boolean') return reader.answer(value);
  if (typeof value === 'number') return Number.isFinite(value) ? reader.answer(value) : '';
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return '';
  if (Array.isArray(value)) {
    return joinWords(
      value.slice(0, MAX_LIST_ITEMS).map((item) => toWords(reader, item, depth + 1)),
    );
  }
  return joinWords(
    Object.entries(value)
      .slice(0, MAX_LIST_ITEMS)
      .map(([key, item]) => [reader.question(key), toWords(reader, item, depth + 1)])
      .map(([key, words]) => (key === '' || words === '' ? '' : `${key}: ${words}`)),
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
