/** What keeps somebody from reading or using a page: what axe-core finds, and what does not fit on a screen. */
import axe from 'axe-core';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const GRAVE = ['serious', 'critical'];

/** No rule that is on asks for style sheets anew; a mail in a frame has its own tests. */
const OPTIONS: RunOptions = { resultTypes: ['violations'], preload: false, iframes: false };
/** Colours are all that the dark theme changes. */
const THEMES: readonly ['light' | 'dark', RunOptions][] = [
  ['light', OPTIONS],
  ['dark', { ...OPTIONS, runOnly: ['color-contrast'] }],
];

/** axe-core on the page, and on every one that its tab shows afterwards: bringing it there takes as long as a page does. */
async function bringAxe(page: Page): Promise<void> {
  if (await page.evaluate<boolean>(`'axe' in globalThis`)) return;
  await page.addInitScript(axe.source);
  // Evaluated and not put into the page: its policy lets no foreign script in.
  await page.evaluate(axe.source);
}

/** Looks at the page as it stands, light and dark; each finding as one line: theme, rule, where. */
export async function graveFindings(page: Page): Promise<string[]> {
  const found: string[] = [];
  await bringAxe(page);
  const isDark = await page.evaluate<boolean>(`matchMedia('(prefers-color-scheme: dark)').matches`);
  // As the last look left it first: a change of theme paints the page anew.
  for (const [colorScheme, options] of isDark ? THEMES.toReversed() : THEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // A colour on its way is none yet.
    await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished))');
    const run = `axe.run(${JSON.stringify(options)})`;
    const { violations } = await page.evaluate<AxeResults>(run);
    for (const { id, impact, nodes } of violations) {
      if (!GRAVE.includes(impact ?? '')) continue;
      const where = nodes.map(({ target }) => target.join(' '));
      found.push(`${colorScheme} ${id}: ${[...new Set(where)].slice(0, 5).join(', ')}`);
    }
  }
  return found;
}

/** Pixels that are too many, and whether a table is cut off: its box cuts it, so that the page itself is not too wide. */
const FIT = `[
  document.documentElement.scrollWidth - innerWidth,
  [...document.querySelectorAll('.table-box > table')].some(
    (table) => table.getBoundingClientRect().right > table.parentElement.getBoundingClientRect().right + 1,
  ),
]`;

/** Where the page is wider than a phone, a tablet or a desk, and what keeps somebody from reading or using it. */
export async function lookAround(page: Page): Promise<string[]> {
  const wrong = (await graveFindings(page)).map((found) => `${page.url()}: ${found}`);
  for (const width of [360, 768, 1_440]) {
    await page.setViewportSize({ width, height: 900 });
    const [excess, isCut] = await page.evaluate<[number, boolean]>(FIT);
    if (excess !== 0) wrong.push(`${page.url()} at ${width}: ${excess} px too wide`);
    if (isCut) wrong.push(`${page.url()} at ${width}: a table is cut off`);
  }
  return wrong;
}
