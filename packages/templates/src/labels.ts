/**
 * Our own words for what people answer and buy: `texts/answer-labels.json` and `texts/courses.json`. What stands there
 * may be shown in a mail; what does not was typed by a stranger.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { TemplateError } from './template-error.ts';
import { toOneLine } from './user-text.ts';

/** From what a form sends, in lower case, to what people read. */
type Words = ReadonlyMap<string, string>;

/** Beyond these a number is no answer to a question of ours, but somebody's phone. */
const MOST = 9_999;

const wordsSchema = z
  .record(z.string().trim().min(1), z.string().trim().min(1).max(120))
  .transform(
    (words): Words => new Map(Object.entries(words).map(([key, word]) => [keyOf(key), word])),
  );
const labelsSchema = z.object({ questions: wordsSchema, answers: wordsSchema });

const labels = readWords('answer-labels.json', labelsSchema);
const courses = readWords('courses.json', wordsSchema);

/** Our word for a question, by the key or the words that the form sends; `Вопрос 3` for `q3`. */
export function questionLabel(question: string): string | undefined {
  const numbered = /^(?:q|question|вопрос)?[\s_-]*(\d{1,3})$/iu.exec(question.trim());
  return labels.questions.get(keyOf(question)) ?? (numbered ? `Вопрос ${numbered[1]}` : undefined);
}

/** Our word for one answer: from the list, yes or no, or a number that a test may ask for. */
export function answerLabel(answer: unknown): string | undefined {
  if (typeof answer === 'boolean') return answer ? 'Да' : 'Нет';
  if (typeof answer === 'number') return Math.abs(answer) <= MOST ? String(answer) : undefined;
  if (typeof answer !== 'string') return undefined;
  const known = labels.answers.get(keyOf(answer));
  const isNumber = /^\d{1,4}$/.test(answer.trim());
  return known ?? (isNumber ? answer.trim() : undefined);
}

/** Our name of a course, by its slug or its name as the form sends it. */
export function courseName(course: string): string | undefined {
  return courses.get(keyOf(course));
}

function keyOf(text: string): string {
  return toOneLine(text).toLowerCase().replaceAll('ё', 'е');
}

/** @throws TemplateError naming the file, so that a service with a broken one does not start. */
function readWords<Schema extends z.ZodType>(file: string, schema: Schema): z.output<Schema> {
  try {
    const text = readFileSync(join(import.meta.dirname, '..', 'texts', file), 'utf8');
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const problem = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new TemplateError(`${file}: ${problem}`, { cause });
  }
}
