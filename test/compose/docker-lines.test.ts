/** Which of the pages' commands for a server `npm run e2e:compose` really runs; each other one has its reason here. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fencedLines, root } from '../e2e/fenced-lines.ts';

/** Where it is run, and the words with which it is; or why it is not. */
type Place = { file: string; words: string } | { not: string };

const e2e = (name: string, words: string): Place => ({
  file: `test/compose/${name}.e2e.test.ts`,
  words,
});
const stack = (words: string): Place => ({ file: 'test/compose/stack.ts', words });

const PLACES: readonly (readonly [RegExp, Place])[] = [
  [/^docker compose up --detach(?: --wait)?$/, stack("compose('up', '--detach', '--wait'")],
  [/^docker compose down --volumes$/, stack("compose('down', '--volumes'")],
  [/^git pull && docker compose build settings$/, stack("compose('build', 'settings')")],
  [/^docker compose up --detach --scale notifier=3$/, e2e('scaled', "['--scale', 'notifier=3']")],
  [
    /^docker compose run --rm leadwire doctor$/,
    e2e('compose', "'run', '--rm', 'leadwire', 'doctor'"),
  ],
  [
    /^docker compose run --rm settings show ADMIN_TOKEN$/,
    e2e('compose', "'run', '--rm', 'settings', 'show', 'ADMIN_TOKEN'"),
  ],
  [
    /^docker compose up --detach --force-recreate [a-z -]+$/,
    e2e('rotation', "'up', '--detach', '--wait', '--force-recreate', ...told"),
  ],
  [
    /^echo 'COMPOSE_FILE=docker-compose.yml:deploy\/cluster\/docker-compose.yml' >> .env$/,
    e2e('cluster', "files: ['deploy/cluster/docker-compose.yml']"),
  ],
  [/^deploy\/cluster\/rolling-restart.sh$/, e2e('cluster', "'deploy/cluster/rolling-restart.sh'")],
  [/^deploy\/backup\/backup.sh$/, e2e('backup', "script('backup')")],
  [/^deploy\/backup\/backup.sh --erasures$/, e2e('backup', "script('backup', '--erasures')")],
  [/^deploy\/backup\/restore.sh \S+ key.txt$/, e2e('backup', "script('restore', file, key)")],
  // backup.sh, which the drill calls, has this line.
  [
    /^docker compose run .* nats-box account backup \/backup --consumers$/,
    { file: 'deploy/backup/backup.sh', words: 'account backup /backup --consumers' },
  ],
  [
    /^docker compose run --rm leadwire tokens (?:add|list|revoke)/,
    {
      not: 'test/e2e/start.e2e.test.ts types it into the command line of npm start; the way into the container is that of doctor',
    },
  ],
  [/^docker compose run --rm postgres-tools /, { not: 'a hosted database' }],
  [/^docker tag /, { not: 'the engine’s own, about an image that is not of the test' }],
  [
    /^LEADWIRE_VERSION=before docker compose up --detach --wait$/,
    {
      not: 'needs the image of an older version; the tests’ stacks run under a version of their own, test',
    },
  ],
  [
    /^docker compose restart lead-store$/,
    { not: 'follows a durable that was removed by hand; rolling-restart.sh restarts each part' },
  ],
];

const isForServer = (line: string) => /(?:^|\s)docker |^deploy\/|COMPOSE_FILE=/.test(line);

test('every command for a server is run by e2e:compose, or stands here with a reason', () => {
  const lines = [...new Set(fencedLines().map(({ line }) => line))].filter(isForServer);
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => !PLACES.some(([page]) => page.test(line)))).toEqual([]);
  expect(PLACES.filter(([page]) => !lines.some((line) => page.test(line)))).toEqual([]);
});

test('and where it is said to be run, it is', () => {
  const missing = PLACES.flatMap(([, place]) => {
    if ('not' in place) return [];
    const text = readFileSync(path.join(root, place.file), 'utf8');
    return text.replaceAll(/\s+/g, ' ').includes(place.words) ? [] : [place];
  });
  expect(missing).toEqual([]);
});
