/**
 * Posts leads as fast as they are answered, each another person's, or reads what it is told to. A thread of its own (`load.ts` starts it), so that
 * reading the services' logs does not hold up its clock.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { toError } from '@leadwire/shared/errors';
import autocannon from 'autocannon';
import type { LoadOptions, LoadResult } from './load.ts';

const { url, connections, requests, run, read } = workerData as LoadOptions;

/** About what a landing form sends. */
function formOf(person: number): string {
  return JSON.stringify({
    name: `Айгерим Сапарова ${person}`,
    email: `person-${run}-${person}@mail.leadwire-sample.kz`,
    phone: `8 (705) ${String(1_000_000 + (person % 9_000_000))}`,
    answers: { interest: 'Аналитика данных', experience: 'нет', hours: 6, score: 87 },
    utm_source: 'instagram',
    utm_medium: 'cpc',
    utm_campaign: 'spring_a',
    metadata: { page: 'https://leadwire.kz/proftest', device: 'mobile', width: 390 },
  });
}

function formRequest(): autocannon.Request {
  return {
    method: 'POST',
    path: '/api/landing/proftest/spring_a',
    headers: { 'content-type': 'application/json' },
    setupRequest: (request) => ({ ...request, body: formOf((people += 1)) }),
  };
}

function readRequest({ paths, token }: NonNullable<LoadOptions['read']>): autocannon.Request {
  return {
    method: 'GET',
    headers: { authorization: `Bearer ${token}` },
    setupRequest: (request) => ({ ...request, path: paths[(people += 1) % paths.length] ?? '/' }),
  };
}

const wanted = read ? 200 : 201;
const times: number[] = [];
const statuses: Record<number, number> = {};
let failed = 0;
let people = 0;
let startedAt = 0;
let endedAt = 0;

const over = Promise.withResolvers<void>();
const options: autocannon.Options = {
  url,
  connections,
  amount: requests,
  requests: [read ? readRequest(read) : formRequest()],
};
const load = autocannon(options, (error: unknown) =>
  error ? over.reject(toError(error)) : over.resolve(),
);
load.on('start', () => (startedAt = performance.now()));
load.on('reqError', () => (failed += 1));
load.on('response', (_client, status, _bytes, ms) => {
  endedAt = performance.now();
  statuses[status] = (statuses[status] ?? 0) + 1;
  if (status === wanted) times.push(ms);
});
await over.promise;
const result: LoadResult = { times, statuses, failed, seconds: (endedAt - startedAt) / 1_000 };
parentPort?.postMessage(result);
