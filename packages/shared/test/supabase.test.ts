/** What a Supabase project answers is checked, not believed. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ChannelStoppedError } from '../src/errors.ts';
import { createDatabase, type Database } from '../src/providers/supabase.ts';

let server: Server;
let database: Database;
/** What the next request is answered with. */
let answer: unknown;

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const project = { project: 'landing', serviceKey: 'sb_secret_0123456789' };
  database = createDatabase({ ...project, url: `http://127.0.0.1:${port}` });
});
afterAll(() => void server.close());

const schema = z.object({ open: z.number() });

test('an answer comes as its schema reads it', async () => {
  answer = { open: 3, more: true };
  expect(await database.call('leadwire_f', {}, schema)).toEqual({ open: 3 });
});

test('one that does not fit stops the channel, and the message names fields without their values', async () => {
  answer = { open: '+77000000001' };
  const refused = await database.call('leadwire_f', {}, schema).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(ChannelStoppedError);
  const { message } = refused as Error;
  expect(message).toContain('leadwire_f answers otherwise than expected (open: invalid_type');
  expect(message).not.toContain('7700');
});

test('rows that are none are refused as well', async () => {
  answer = ['+77000000001'];
  const wanted = { column: 'lead_id', value: 'x', order: 'id' };
  await expect(database.rowsWith('short_links', wanted)).rejects.toThrow(ChannelStoppedError);
});
