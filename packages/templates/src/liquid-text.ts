/**
 * Liquid as the text files may use it. Values are data only: they are put in after the file was parsed, and for HTML
 * every one is escaped.
 */
import { Liquid } from 'liquidjs';
import type { Template } from 'liquidjs';

import { TemplateError } from './template-error.ts';

/** A text file ready to be filled in. `render` throws a TemplateError that names the file. */
export type LiquidText = {
  file: string;
  /** What was parsed, to be kept and parsed again by another process. */
  source: string;
  variables: readonly string[];
  render(view: object): string;
  /**
   * The same text for many views that differ only in the variables `open`: everything that names none of them is
   * rendered now, once. Its `render` gives the same bytes. Throws as `render`.
   */
  fillIn(view: object, open: readonly string[]): FilledText;
};

/** `parts` in their order: texts that are the same for everybody, and what is to be rendered for each view. */
export type FilledText = Pick<LiquidText, 'render'> & {
  parts: readonly (string | Pick<LiquidText, 'render'>)[];
};

// `raw` would let a value past the escaping. The others give another text tomorrow than today, and a mail that is
// sent again after a crash must have the same bytes or the provider refuses its idempotency key.
const FORBIDDEN_FILTERS = [
  'raw',
  'sample',
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
];

/**
 * An engine for one kind of output. In an `if`, the empty string and 0 count as nothing, as a writer expects; an empty
 * list still counts as something.
 */
export function createLiquid(output: 'html' | 'text'): Liquid {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    ownPropertyOnly: true,
    jsTruthy: true,
    templates: {},
    ...(output === 'html' ? { outputEscape: 'escape' as const } : {}),
  });
  for (const name of FORBIDDEN_FILTERS) engine.unregisterFilter(name);
  return engine;
}

/** Parses a text file; throws a TemplateError naming the file and the line that Liquid complains about. */
export function parseLiquid(engine: Liquid, file: string, source: string): LiquidText {
  const parsed = attempt(file, () => engine.parse(source));
  return {
    file,
    source,
    variables: attempt(file, () => engine.globalVariablesSync(parsed)),
    render: (view) => attempt(file, () => renderParsed(engine, parsed, view)),
    fillIn(given, open) {
      const fixed = attempt(file, () => renderFixed(engine, { source, parsed }, given, open));
      const parts = fixed.map((part) => {
        if (typeof part === 'string') return part;
        return { render: (view: object) => attempt(file, () => renderParsed(engine, part, view)) };
      });
      const render = (view: object) =>
        parts.map((part) => (typeof part === 'string' ? part : part.render(view))).join('');
      return { parts, render };
    },
  };
}

/** Tags that leave nothing behind for what follows them, as `assign` would. */
const SELF_CONTAINED = [
  ...['if', 'elsif', 'else', 'endif', 'unless', 'endunless', 'case', 'when', 'endcase'],
  ...['for', 'endfor'],
];

/** Whether no part of a text depends on what another part has left behind. */
export function isSelfContained(source: string): boolean {
  const tags = [...source.matchAll(/\{%-?\s*(\S*)/g)].map(([, tag = '']) => tag);
  return !/\bcontinue\b/.test(source) && tags.every((tag) => SELF_CONTAINED.includes(tag));
}

/** What names none of `open` as text, and between that the rest, in order. */
function renderFixed(
  engine: Liquid,
  { source, parsed }: { source: string; parsed: Template[] },
  view: object,
  open: readonly string[],
): (string | Template[])[] {
  if (!isSelfContained(source)) return [parsed];
  const isOpen = (part: Template) =>
    engine.globalVariablesSync([part]).some((variable) => open.includes(variable));
  const runs: { isOpen: boolean; parts: Template[] }[] = [];
  for (const part of parsed) {
    const run = { isOpen: isOpen(part), parts: [part] };
    const last = runs.at(-1);
    if (last?.isOpen === run.isOpen) last.parts.push(part);
    else runs.push(run);
  }
  return runs.map((run) => (run.isOpen ? run.parts : renderParsed(engine, run.parts, view)));
}

function renderParsed(engine: Liquid, parsed: Template[], view: object): string {
  return String(engine.renderSync(parsed, view));
}

function attempt<T>(file: string, action: () => T): T {
  try {
    return action();
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new TemplateError(`${file}: ${problem}`, { cause });
  }
}
