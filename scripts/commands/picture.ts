/**
 * `npm run picture`: takes README's picture of the console, docs/console.png, from the demo in a stack of its own, which is
 * gone afterwards; or from a demo that runs, `npm run picture -- <its first owner's link>`. Needs Chromium.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { findChromium } from '../machine/chromium.ts';
import { say, step } from '../machine/progress.mjs';
import { ExplainedError } from '../machine/tools.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const FILE = path.join(root, 'docs/console.png');
const SCREEN = { width: 1280, height: 800 };
const PATIENCE_MS = 180_000;

/** Resolves with the link of the first owner when everything runs. */
async function startDemo(dataDir: string) {
  const program = path.join(root, 'scripts/commands/start.ts');
  const env = { ...process.env, LEADWIRE_DATA_DIR: dataDir };
  const child = spawn(process.execPath, [program, '--demo'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes('Ctrl-C')) break;
  }
  child.stdout.resume();
  const link = /first owner +(\S+)/.exec(output)?.[1];
  const stop = async () => {
    if (child.exitCode === null && child.kill('SIGTERM')) await once(child, 'exit');
  };
  if (link !== undefined) return { link, stop };
  await stop();
  throw new ExplainedError(`The stack did not start:\n${output}`);
}

/** The day as an owner sees it, once what the provider refused has become a problem. */
async function photograph(page: Page, link: string): Promise<void> {
  await page.goto(link);
  for (const label of ['Новый пароль', 'Ещё раз']) {
    await page.getByLabel(label).fill('a pass phrase of the demo');
  }
  await page.getByRole('button', { name: 'Сохранить и войти' }).click();
  await page.getByRole('heading', { name: 'Сегодня' }).waitFor();
  const { origin } = new URL(page.url());
  await page.goto(`${origin}/problems`);
  const deadline = Date.now() + PATIENCE_MS;
  while ((await page.getByText('Письма не ушли').count()) === 0 && Date.now() < deadline) {
    await page.waitForTimeout(1_000);
    await page.reload();
  }
  await page.goto(`${origin}/`);
  await page.screenshot({ path: FILE });
}

const executablePath = findChromium();
if (executablePath === undefined) {
  say('Chromium is needed: install it, or set CHROMIUM_BIN.');
  process.exit(1);
}
const [given] = process.argv.slice(2);
const dataDir = await mkdtemp(path.join(tmpdir(), 'leadwire-picture-'));
const nothing = () => Promise.resolve();
const demo =
  given === undefined
    ? await step('The demo: starting', () => startDemo(dataDir))
    : { link: given, stop: nothing };
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--headless=new'] });
try {
  const context = await browser.newContext({
    viewport: SCREEN,
    locale: 'ru-RU',
    colorScheme: 'light',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await step('The picture', () => photograph(page, demo.link));
  say(FILE);
} finally {
  await browser.close();
  await demo.stop();
  await rm(dataDir, { recursive: true, force: true });
}
