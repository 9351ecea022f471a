/** What the product is made of beside its own code: images, pinned by deploy/pin-images.sh, and packages. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const composeFiles = ['docker-compose.yml', 'deploy/cluster/docker-compose.yml'].map(read);
/** Images that are not ours, by the variables that name another one. */
const IMAGES = Object.fromEntries(
  composeFiles.flatMap((text) =>
    [...text.matchAll(/\$\{([A-Z_]+_IMAGE):-([^}]+)\}/g)].map(([, name = '', image]) => [
      name,
      image,
    ]),
  ),
);

describe('images', () => {
  test('that are not ours can each be pinned: .env.example has its variable', () => {
    const named = composeFiles.flatMap((text) => [...text.matchAll(/^ +image: (.+)$/gm)]);
    const fixed = named.map(([, image = '']) => image).filter((image) => !image.startsWith('${'));
    expect(fixed).toEqual(['leadwire:${LEADWIRE_VERSION:-latest}']);
    const [, node] = /^ARG NODE_IMAGE=(.+)$/m.exec(read('Dockerfile')) ?? [];
    expect(IMAGES['NODE_IMAGE']).toBe(node);
    for (const [name, image] of Object.entries(IMAGES)) {
      expect(read('.env.example')).toContain(`#${name}=${image}\n`);
    }
  });

  describe('with a registry', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'leadwire-images-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    /** deploy/pin-images.sh on a machine whose `docker` is this. */
    function pin(docker: string) {
      writeFileSync(path.join(folder, 'docker'), `#!/bin/sh\n${docker}\n`, { mode: 0o755 });
      const PATH = `${folder}${path.delimiter}${process.env['PATH'] ?? ''}`;
      return spawnSync(path.join(root, 'deploy/pin-images.sh'), {
        env: { PATH },
        encoding: 'utf8',
      });
    }

    test('are pinned, all of them, as lines for .env', () => {
      const digest = `sha256:${'0a'.repeat(32)}`;
      const done = pin(`[ "$1" = pull ] || echo "some@${digest}"`);
      const lines = Object.entries(IMAGES).map(([name, image]) => `${name}=${image}@${digest}`);
      expect(done.stdout.trim().split('\n').sort()).toEqual(lines.sort());
      expect(done.status).toBe(0);
    });

    test('that it does not have are named, and it ends there', () => {
      const done = pin('exit 1');
      expect([done.status, done.stdout]).toEqual([1, '']);
      expect(done.stderr).toContain('its registry does not answer');
    });
  });
});
