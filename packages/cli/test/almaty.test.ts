/** Times in a terminal say whose they are: it may stand anywhere. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { almatyClock } from '../src/terminal.ts';

test('a time says that it is Almaty’s, beside it or under its table', () => {
  expect(almatyClock('2026-11-20T10:30:12Z')).toBe('2026-11-20 15:30:12 in Almaty');
  const cwd = path.resolve(import.meta.dirname, '../src');
  const files = globSync('**/*.ts', { cwd }).filter((file) => file !== 'terminal.ts');
  const showing = files.filter((file) => {
    const text = readFileSync(path.join(cwd, file), 'utf8');
    return /\bclock\(/.test(text) && !/ALMATY_NOTE|Almaty/.test(text);
  });
  // leads/show.ts shows its lines under the screen of lead-screen.ts, which has the note.
  expect(showing).toEqual(['leads/show.ts']);
});
