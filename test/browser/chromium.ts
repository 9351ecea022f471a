/** The browser for tests of pages: the system's Chromium, and what happens where there is none. */
import { describe, test } from 'vitest';
import { chromium, type Browser } from 'playwright-core';
import { findChromium } from '../../scripts/machine/chromium.ts';

/**
 * What a window makes for its address bar, though nobody sees it: two pages, dearer than the page that is tested, and each
 * context has a window of its own.
 */
const ADDRESS_BAR = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup'];
/** Playwright's own list, which matters on Linux: of two such arguments Chromium takes the last one. */
const SWITCHED_OFF_BY_PLAYWRIGHT = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
];

/** As root in a container there is no sandbox to be had; the rest keeps Chromium from calling home. */
const ARGUMENTS = [
  '--no-sandbox',
  '--headless=new',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${[...SWITCHED_OFF_BY_PLAYWRIGHT, ...ADDRESS_BAR].join(',')}`,
];

/** `run` with the program's path, `leave out` or `fail` with what to say about it. */
export type BrowserPlan =
  { do: 'run'; path: string } | { do: 'leave out' | 'fail'; message: string };

/** What becomes of browser tests in this environment; LEADWIRE_REQUIRE_BROWSER makes leaving out a failure. */
export function planBrowserTests(what: string, env: NodeJS.ProcessEnv): BrowserPlan {
  const path = findChromium(env);
  if (path !== undefined) return { do: 'run', path };
  const remedy = 'Install Chromium ("apt-get install chromium"), or set CHROMIUM_BIN.';
  return env['LEADWIRE_REQUIRE_BROWSER']
    ? { do: 'fail', message: `No Chromium was found, and these tests need it: ${what}. ${remedy}` }
    : { do: 'leave out', message: `No Chromium was found. Left out: ${what}. ${remedy}` };
}

/**
 * `describe` for tests in a browser. Where there is none they are skipped and one line says so, or, with
 * LEADWIRE_REQUIRE_BROWSER, one test fails.
 */
export function describeInBrowser(what: string, body: () => void): void {
  const plan = planBrowserTests(what, process.env);
  switch (plan.do) {
    case 'run':
      describe(what, body);
      return;
    case 'leave out':
      process.stderr.write(`\n${plan.message}\n`);
      describe.skip(what, body);
      return;
    case 'fail':
      describe(what, () => {
        test('has a Chromium to run in', () => {
          throw new Error(plan.message);
        });
      });
  }
}

/** Starts it with a profile of its own. @throws when there is none or it does not start. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('no Chromium was found');
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
