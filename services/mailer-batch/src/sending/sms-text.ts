/**
 * One text for Mobizon out of many that people get: what differs becomes placeholders, so that a
 * moderator reads what everybody will read. Works on the finished texts and knows nothing of templates.
 */

/** A text with `{p1}`, `{p2}`, …, and each person's values in the order of the texts. */
export interface CommonText {
  text: string;
  placeholders: Record<string, string>[];
}

/**
 * The common text of at least one text. Filled in, it gives each of them exactly; nobody's placeholder
 * is empty, because an empty one may count as missing. Equal texts have no placeholders.
 */
export function findCommonText(texts: readonly string[]): CommonText {
  const [first = ''] = texts;
  if (texts.every((text) => text === first))
    return { text: first, placeholders: texts.map(() => ({})) };
  const common = byWords(texts) ?? byEnds(texts);
  const isExact = texts.every((text, index) => fill(common, index) === text);
  const isFull = common.placeholders.every((values) => Object.values(values).every(Boolean));
  return isExact && isFull ? common : wholeText(texts);
}

/** Words that everybody has stay; neighbours that differ are one placeholder. Undefined when the numbers of words differ. */
function byWords(texts: readonly string[]): CommonText | undefined {
  const rows = texts.map((text) => text.split(/(\s+)/));
  const [first = []] = rows;
  if (rows.some((row) => row.length !== first.length)) return undefined;
  const isCommon = first.map(
    (word, at) => !/[{}]/.test(word) && rows.every((row) => row[at] === word),
  );
  // A space between two words that differ belongs to them: fewer placeholders, the same text.
  const isFixed = isCommon.map(
    (common, at) =>
      common && !(/^\s+$/.test(first[at] ?? '') && !isCommon[at - 1] && !isCommon[at + 1]),
  );
  const placeholders: Record<string, string>[] = texts.map(() => ({}));
  let text = '';
  let count = 0;
  for (const [at, word] of first.entries()) {
    if (isFixed[at]) {
      text += word;
      continue;
    }
    if (at === 0 || isFixed[at - 1]) text += `{p${(count += 1)}}`;
    for (const [index, values] of placeholders.entries()) {
      const name = `p${count}`;
      values[name] = (values[name] ?? '') + (rows[index]?.[at] ?? '');
    }
  }
  return { text, placeholders };
}

/** What all begin and end with stays, in whole words; the middle is one placeholder. */
function byEnds(texts: readonly string[]): CommonText {
  const start = commonStart(texts.map((text) => text.split(/(?<=\s)/)));
  const rest = texts.map((text) => text.slice(start.length));
  const end = commonStart(
    rest.map((text) => text.split(/(?=\s)/).reverse()),
    true,
  );
  return {
    text: `${start}{p1}${end}`,
    placeholders: rest.map((text) => ({ p1: text.slice(0, text.length - end.length) })),
  };
}

/** The pieces that all rows begin with; braces would be taken for placeholders, so they end it. */
function commonStart(rows: readonly string[][], isReversed = false): string {
  const [first = []] = rows;
  const differs = (piece: string, at: number) =>
    /[{}]/.test(piece) || rows.some((row) => row[at] !== piece);
  const until = first.findIndex(differs);
  const pieces = until === -1 ? first : first.slice(0, until);
  return (isReversed ? [...pieces].reverse() : pieces).join('');
}

function wholeText(texts: readonly string[]): CommonText {
  return { text: '{p1}', placeholders: texts.map((text) => ({ p1: text })) };
}

function fill({ text, placeholders }: CommonText, index: number): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => placeholders[index]?.[name] ?? whole);
}
