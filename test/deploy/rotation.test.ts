/** docs/ROTATION.md: every secret is on it, and nobody who holds one is forgotten. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PROGRAMS, schemaOf } from '../../scripts/stack/settings-check.ts';
import {
  ROTATIONS,
  SECRET_NAME,
  holdersOf,
  passwords,
  rotationPage,
} from '../../deploy/compose/rotation.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

test('the page is what rotation.ts writes', async () => {
  expect(read('docs/ROTATION.md')).toBe(await rotationPage());
});

test('every secret that a part asks for, or that .env may hold, is on it', async () => {
  const schemas = await Promise.all(PROGRAMS.map(({ entry }) => schemaOf(root, entry)));
  const asked = schemas.flatMap(({ shape }) => Object.keys(shape));
  const given = [...read('.env.example').matchAll(/^#([A-Z0-9_]+)=/gm)].map(
    ([, name = '']) => name,
  );
  const secrets = new Set([...asked, ...given].filter((name) => SECRET_NAME.test(name)));
  expect([...secrets].sort()).toEqual([...Object.keys(ROTATIONS), ...passwords()].sort());
});

test('whoever recognises a token, signs with a key or builds an address with a secret in it holds it', async () => {
  const services = PROGRAMS.filter(({ entry }) => entry.startsWith('services/'));
  expect(await holdersOf('METRICS_TOKEN')).toEqual(services.map(({ name }) => name));
  expect(await holdersOf('ADMIN_TOKEN')).toEqual(expect.arrayContaining(['mailer-batch', 'cli']));
  expect((await holdersOf('UNSUBSCRIBE_SECRET')).sort()).toEqual(['landing-api', 'mailer-batch']);
  expect(await holdersOf('AMOCRM_WEBHOOK_SECRET')).toEqual(['sandbox', 'landing-api']);
  expect(await holdersOf('NATS_REFERRALS_PASSWORD')).toEqual(['nats', 'referrals']);
});
