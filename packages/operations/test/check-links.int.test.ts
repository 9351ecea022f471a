/** Links of a text, asked over real HTTP. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkLinks } from '../src/texts/check-links.ts';

let server: Server;
let site: string;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (path === '/silent') return;
    if (path === '/cut') return void request.socket.destroy();
    const location = { '/moved': '/here', '/moved-away': '/gone', '/loop': '/loop' }[path];
    if (location !== undefined) return void response.writeHead(302, { location }).end();
    const status = { '/gone': 404, '/over': 410, '/broken': 500, '/no-robots': 403 }[path] ?? 200;
    response.writeHead(status).end('x');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const check = async (...paths: string[]) => {
  const options = { isOwnNetworkAsked: true, patienceMs: 1_000 };
  const found = await checkLinks(
    paths.map((path) => site + path),
    options,
  );
  return found.map(({ level, what, words }) => [level, what, words.split(':')[2]?.split('/')[1]]);
};

test('a page that answers is fine, also by way of another, also one that keeps robots out', async () => {
  expect(await check('/here', '/moved', '/no-robots')).toEqual([]);
});

test('a page that is gone stops the text, and is named, also behind a way that looks alive', async () => {
  expect(await check('/gone', '/over', '/moved-away').then((all) => all.sort())).toEqual([
    ['stop', 'link_404', 'gone'],
    ['stop', 'link_404', 'moved-away'],
    ['stop', 'link_404', 'over'],
  ]);
});

test('what fails, goes round or says nothing is to be looked at', async () => {
  const found = await check('/broken', '/loop', '/silent', '/cut');
  expect(found.map(([level, what]) => `${level} ${what}`).sort()).toEqual([
    'mend link_fails',
    'mend link_loops',
    'mend link_silent',
    'mend link_silent',
  ]);
});

test('nobody looks around our own network by a text', async () => {
  asked.length = 0;
  const port = new URL(site).port;
  const hosts = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '10.0.0.1'];
  expect(await checkLinks(hosts.map((host) => `http://${host}:${port}/gone`))).toEqual([]);
  expect(asked).toEqual([]);
});
