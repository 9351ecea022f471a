/** What people filled in on the pages of campaigns, as mailer-batch takes it. */
import { isoOf } from './words/local-time.ts';

/** A draft's name, subject and words; moments are read in the draft's own zone. */
export function textOf(form: URLSearchParams, timeZone: string): object {
  const variables = [...form.entries()].flatMap(([key, text]): [string, unknown][] => {
    if (!key.startsWith('v-') || text.trim() === '') return [];
    const name = key.slice(2);
    if (name === 'steps') {
      const lines = text.split('\n').map((line) => line.trim());
      return [[name, lines.filter(Boolean)]];
    }
    return [[name, name.endsWith('Date') ? isoOf(text, timeZone) : text.trim()]];
  });
  const name = form.get('name')?.trim();
  const subject = form.has('subject') ? { subject: form.get('subject')?.trim() || null } : {};
  return { name, ...subject, variables: Object.fromEntries(variables), ...changedAtOf(form) };
}

/** The people of a segment, or of a table: its text, or the bytes of its file. */
export function audienceOf(form: URLSearchParams): object {
  if (form.get('kind') === 'segment') {
    return { kind: 'segment', segmentId: form.get('segment') ?? '' };
  }
  const base64 = form.get('base64') ?? '';
  return base64 === '' ? { kind: 'csv', csv: form.get('csv') ?? '' } : { kind: 'csv', base64 };
}

/** When a draft begins, when it rests, and how fast it goes. */
export const timesOf = (form: URLSearchParams, timeZone: string): object => ({
  scheduledFor: isoOf(form.get('at') ?? '', timeZone) ?? null,
  quietHours: form.get('quiet')?.trim() || null,
  ratePerSecond: rateOf(form),
  ...changedAtOf(form),
});

type Pair = readonly [string, string];
interface Variants {
  subjects?: Pair;
  /** Names of texts. */
  templates?: Pair;
  sharePercent: number;
  waitHours: number;
}

/** Two subjects, or two texts where both are chosen, and on how many for how long they are tried. */
export function variantsOf(form: URLSearchParams): Variants {
  const [a = '', b = '', textA, textB, share, wait] = [
    'a',
    'b',
    'textA',
    'textB',
    'share',
    'wait',
  ].map((name) => form.get(name)?.trim());
  return {
    ...(textA && textB ? { templates: [textA, textB] } : { subjects: [a, b] }),
    sharePercent: Number(share) || 20,
    waitHours: Number(wait?.replace(',', '.') || 4),
  };
}

/** What the page was made of: nobody else's change is written over. */
const changedAtOf = (form: URLSearchParams) => {
  const changedAt = form.get('changedAt');
  return changedAt ? { changedAt } : {};
};

/** Messages a second; null: as fast as it goes. */
export function rateOf(form: URLSearchParams): number | null {
  const rate = Number((form.get('rate') ?? '').trim().replace(',', '.'));
  return rate > 0 ? rate : null;
}

/** One per comma, semicolon or line. */
export const wordsIn = (text: string | null): string[] =>
  (text ?? '')
    .split(/[,;\n]/)
    .map((word) => word.trim())
    .filter((word) => word !== '');
