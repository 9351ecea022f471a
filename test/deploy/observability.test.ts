/** The dashboard and the alerts speak of metrics that the services have, and of every service. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { measureBacklog } from '@leadwire/shared/service/backlog';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createMeasures, measureJournal } from '../../services/landing-api/src/measures.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const alerts = read('deploy/observability/alerts.yml');
const dashboard = JSON.parse(read('deploy/observability/grafana/dashboards/leadwire.json')) as {
  panels: { title: string; targets: { expr: string }[] }[];
};
const services = readdirSync(path.join(root, 'services'));

/** Words of PromQL that look like a metric's name. */
const WORDS =
  /^(absent|avg|by|deriv|histogram_quantile|increase|le|max|min|or|and|rate|sum|up|without)$/;

/** Metric names in an expression: what is left without labels, strings, ranges and PromQL's own words. */
function metricsIn(expression: string): string[] {
  const bare = expression
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\b(by|without)\s*\([^)]*\)/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ');
  return [...bare.matchAll(/[a-z_][a-z0-9_]*/gi)]
    .map(([name]) => name)
    .filter((name) => !WORDS.test(name));
}

/** Every name that /metrics can show, made by the code that the services use. */
async function exported(): Promise<Set<string>> {
  const { registry } = createMetrics('any');
  measureBacklog(registry, { isConnected: () => false } as Bus);
  createMeasures(registry);
  measureJournal(registry, {
    depth: () => 0,
    waiting: () => [],
    refused: () => 0,
    problem: () => undefined,
  } as unknown as Parameters<typeof measureJournal>[1]);
  const all = await registry.getMetricsAsJSON();
  return new Set(
    all.flatMap(({ name, type }) =>
      String(type) === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
    ),
  );
}

const expressions = {
  alerts: [...alerts.matchAll(/^\s+expr: (.+)$/gm)].map(([, expr = '']) => expr),
  dashboard: dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
};

describe.each(Object.entries(expressions))('%s', (_what, all) => {
  test('name only metrics that the services have', async () => {
    const known = await exported();
    expect(all.length).toBeGreaterThan(5);
    const unknown = all.flatMap(metricsIn).filter((name) => !known.has(name));
    expect(unknown).toEqual([]);
  });
});

describe('every service', () => {
  test.each(services)('%s is scraped, and missed when it is gone', (service) => {
    expect(read('deploy/observability/prometheus.yml')).toMatch(
      new RegExp(`names: \\[${service}\\], type: A, port: \\d{4}`),
    );
    expect(read('deploy/observability/prometheus.yml').split(`[${service}]`)).toHaveLength(2);
    expect(read('deploy/observability/prometheus.yml')).toMatch(
      new RegExp(`job_name: ${service}\\n    authorization: [&*]metrics`),
    );
    expect(alerts).toContain(`absent(up{job="${service}"} == 1)`);
  });
});

test.each(services)(
  '%s is run as all are, and shows its numbers to whoever has the scope',
  (service) => {
    expect(read(`services/${service}/src/main.ts`)).toContain('await runApp(app);');
    expect(read(`services/${service}/src/app.ts`)).not.toContain('createAccess');
  },
);

test('every alert has its section in the runbook', () => {
  const runbook = read('docs/RUNBOOK.md');
  const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name = '']) => name);
  expect(names.filter((name) => !runbook.includes(`\`${name}\``))).toEqual([]);
});
