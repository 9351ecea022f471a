/** What keeps somebody from reading or using a page: what axe-core finds, and what does not fit on a screen. */
import axe from 'axe-core';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const GRAVE = ['serious', 'critical'];

/** Colours are all that the dark theme changes. */
const THEMES: readonly ['light' | 'dark', RunOptions][] = [
  ['light', { resultTypes: ['violations'] }],
  ['dark', { resultTypes: ['violations'], runOnly: ['color-contrast'] }],
];

/** Looks at the page as it stands, light and dark; each finding as one line: theme, rule, where. */
export async function graveFindings(page: Page): Promise<string[]> {
  const found: string[] = [];
  // Evaluated and not put into the page: its policy lets no foreign script in.
  await page.evaluate(axe.source);
  for (const [colorScheme, options] of THEMES) {
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

/** Where the page is wider than a phone, a tablet or a desk, and what keeps somebody from reading or using it. */
export async function lookAround(page: Page): Promise<string[]> {
  const wrong = (await graveFindings(page)).map((found) => `${page.url()}: ${found}`);
  for (const width of [360, 768, 1_440]) {
    await page.setViewportSize({ width, height: 900 });
    const excess = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    if (excess !== 0) wrong.push(`${page.url()} at ${width}: ${String(excess)} px too wide`);
    if (await isTableCut(page)) wrong.push(`${page.url()} at ${width}: a table is cut off`);
  }
  return wrong;
}

/** A box of a table cuts off what is too wide for it, so that the page itself is not too wide. */
function isTableCut(page: Page): Promise<boolean> {
  return page.evaluate<boolean>(`[...document.querySelectorAll('.table-box > table')].some(
    (table) => table.getBoundingClientRect().right > table.parentElement.getBoundingClientRect().right + 1,
  )`);
}
