import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { variables } from './api-rig.ts';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { useRig } from './rig.ts';

const IS_LONG = Boolean(process.env['LEADWIRE_LONG_FORMS']);
const PEOPLE = IS_LONG ? 100_000 : 10_000;
/** An idle service has about 150 MB; the rest is what is not collected yet, the file as it came, as text, and its people. */
const MOST_MEMORY_MB = IS_LONG ? 600 : 400;

const rig = useRig();

/** The most memory that a process has had (Linux: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html). */
function peakMemoryMb(pid: number): number | undefined {
  const [, kb] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return kb === undefined ? undefined : Number(kb) / 1_024;
}

test(`a list of ${PEOPLE} people is taken within its memory, while the service goes on answering`, async () => {
  const service = await rig.startMailerProcess();
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const made = await fetch(`${service.url}/api/campaigns`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Все', channel: 'sms', template: 'stream-moved', variables }),
  });
  const { campaign } = (await made.json()) as { campaign: { id: string } };
  const rows = Array.from({ length: PEOPLE }, (_, n) => {
    const phone = String(7_000_000 + n).replace(/(\d{3})(\d{2})(\d{2})/, '$1-$2-$3');
    return `Айгерим ${n % 100};person.${n}@mail.kz;8 (705) ${phone};Алматы;"звонить, после ${n % 24}"`;
  });
  const csv = `Имя;Email;Телефон;Город;Комментарий\n${rows.join('\n')}\n`;

  let isTaken = false;
  const taking = fetch(`${service.url}/api/campaigns/${campaign.id}/audience`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'text/csv' },
    body: csv,
  }).finally(() => (isTaken = true));
  let answers = 0;
  while (!isTaken) {
    const health = await fetch(`${service.url}/healthz`);
    expect(health.status).toBe(200);
    answers += 1;
  }
  const taken = await taking;
  expect(taken.status).toBe(200);
  expect(await taken.json()).toMatchObject({ preview: { read: PEOPLE, audience: PEOPLE } });
  expect(answers).toBeGreaterThan(10);

  const preview = await fetch(`${service.url}/api/campaigns/${campaign.id}/preview`, { headers });
  expect(await preview.json()).toMatchObject({ sms: { people: PEOPLE, segments: PEOPLE } });
  const report = await fetch(`${service.url}/api/campaigns/${campaign.id}/report`, {
    headers: { ...headers, accept: 'text/csv' },
  });
  expect((await report.text()).split('\r\n')).toHaveLength(PEOPLE + 2);
  expect(peakMemoryMb(service.pid) ?? 0).toBeLessThan(MOST_MEMORY_MB);
}, 300_000);
