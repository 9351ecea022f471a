/** deploy/Caddyfile: what the world reaches, and through which networks of docker-compose.yml. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const caddyfile = read('deploy/Caddyfile');
const compose = read('docker-compose.yml');

/** The site of the services, without the console's. */
const site = caddyfile.slice(
  caddyfile.indexOf('\n{$DOMAIN} {'),
  caddyfile.indexOf('\n{$CONSOLE_DOMAIN} {'),
);

/** Caddy's path matcher: `*` at the end is anything, within it anything too; case does not matter. */
function matches(pattern: string, url: string): boolean {
  const text = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${text}$`, 'i').test(url);
}

/** Which matcher passes the address on. */
function passedBy(url: string): string | undefined {
  const single = [...site.matchAll(/^\t@(\w+) path (.+)$/gm)].map(([, name = '', paths = '']) => ({
    name,
    paths,
    not: '',
  }));
  const blocks = [...site.matchAll(/^\t@(\w+) \{\n([^}]*)\}/gm)].map(
    ([, name = '', body = '']) => ({
      name,
      paths: /\t\tpath (.+)/.exec(body)?.[1] ?? '',
      not: /\t\tnot path (.+)/.exec(body)?.[1] ?? '',
    }),
  );
  const isIn = (paths: string) =>
    paths.split(' ').some((each) => each !== '' && matches(each, url));
  return [...single, ...blocks].find(({ paths, not }) => isIn(paths) && !isIn(not))?.name;
}

describe('the edge', () => {
  test.each([
    ['/api/landing/proftest', 'forms'],
    ['/api/landing/proftest/spring_a', 'forms'],
    ['/api/landing/submit', 'forms'],
    ['/api/forms/tilda-1', 'forms'],
    ['/s/abcdef', 'links'],
    ['/u/token', 'links'],
    ['/r/code', 'links'],
    ['/i/0123456789abcdef0123456789abcdef.jpg', 'links'],
    ['/api/webhooks/resend', 'hooks'],
    ['/api/webhooks/amocrm/secret', 'hooks'],
    ['/api/platform/students', 'platform'],
    ['/telegram/leads/', 'telegram'],
  ])('passes %s on', (url, by) => {
    expect(passedBy(url)).toBe(by);
  });

  test.each([
    ...['/', '/metrics', '/healthz', '/readyz', '/startedz', '/docs', '/docs/json'],
    ...[
      '/api/landing/leads/0199/status',
      '/api/forms/tilda-1/test',
      '/api/campaigns',
      '/openapi.json',
    ],
  ])('keeps %s inside', (url) => {
    expect(passedBy(url)).toBeUndefined();
  });

  test('lets the platform in from named addresses only, and says nothing of what is not there', () => {
    expect(site).toMatch(/path \/api\/platform\/\*\n\t\tremote_ip \{\$PLATFORM_ADDRESSES\}/);
    expect(site).toMatch(/\thandle \{\n\t\trespond 404\n\t\}/);
  });

  describe('and the networks', () => {
    const networksOf = (name: string) => {
      const block = new RegExp(`\\n  ${name}:\\n((?:    .*\\n|\\n)+)`).exec(compose)?.[1] ?? '';
      if (block.includes('\n    network_mode: none\n')) return [];
      return (/^ {4}networks: \[(.*)\]$/m.exec(block)?.[1] ?? 'default').split(', ');
    };
    const [services = ''] = compose.split('\nnetworks:\n');
    const names = [...services.matchAll(/^ {2}([\w-]+):$/gm)].map(([, name = '']) => name);
    const reachedBy = (from: string) =>
      names.filter(
        (name) =>
          name !== from && networksOf(name).some((network) => networksOf(from).includes(network)),
      );

    test('let it reach those three that it passes people on to', () => {
      expect(reachedBy('edge')).toEqual(['landing-api', 'telegram-relay', 'console']);
    });

    test('let landing-api reach the broker, and of what stands in front of it or by its side nothing', () => {
      const others = ['sandbox', 'edge', 'prometheus', 'leadwire'];
      expect(reachedBy('landing-api')).toEqual(['nats', ...others]);
    });

    test('are joined by nobody else: what is for the edge is between it and one part', () => {
      for (const network of ['front-api', 'front-telegram', 'front-console']) {
        expect(names.filter((name) => networksOf(name).includes(network))).toHaveLength(2);
      }
    });
  });
});
