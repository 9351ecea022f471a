import { describe, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { someLead } from '@leadwire/testing/lead';
import type { ServiceHere } from '@leadwire/testing/service-here';
import { waitFor } from '@leadwire/testing/wait-for';
import { studentKey } from '../src/students.ts';
import { PATIENCE_MS, STAGES, useRig } from './rig.ts';

const rig = useRig();
const PLATFORM_TOKEN = 'a-platform-token-for-tests';

const startApi = () => rig.startApi({ PLATFORM_TOKEN });

const post = (api: ServiceHere, path: string, body?: unknown, token = PLATFORM_TOKEN) =>
  fetch(`${api.url}/api/platform/students${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

let count = 0;
function someStudent() {
  count += 1;
  const { phone, email } = someLead();
  return { id: `st-${count}-${newId().slice(-6)}`, name: 'Дамир', phone: phone!, email: email! };
}

const stageOf = (person: { phone: string | null; email: string | null }, statusId: number) =>
  waitFor(async () => (await rig.dealsOf(person)).find((deal) => deal.statusId === statusId), {
    timeoutMs: PATIENCE_MS,
    what: `the deal on stage ${statusId}`,
  });

describe('a student', () => {
  test('is a deal, told twice is still one; a completed lesson moves it', async () => {
    const [api] = await Promise.all([startApi(), rig.startCrm()]);
    const student = { ...someStudent(), course: 'Аналитик' };
    const first = await post(api, '', student);
    expect([first.status, await first.json()]).toEqual([
      201,
      { success: true, studentId: student.id, saleId: expect.any(String) },
    ]);
    const again = await post(api, '', student);
    expect([again.status, await again.json()]).toMatchObject([200, { duplicate: true }]);
    const deal = await stageOf(student, STAGES.first);
    expect(deal).toMatchObject({ tags: ['student', 'Аналитик'] });

    expect((await post(api, `/${student.id}/lessons/1/completed`)).status).toBe(201);
    expect((await post(api, `/${student.id}/lessons/1/completed`)).status).toBe(200);
    await stageOf(student, STAGES.lesson1);
    expect(await rig.dealsOf(student)).toHaveLength(1);
    expect(await rig.told(studentKey(student.id), 'synced')).toMatchObject({
      studentId: student.id,
    });
  });

  test('whose lessons arrive out of order, before the student, is on the last one’s stage', async () => {
    const [api, ...services] = await Promise.all([
      startApi(),
      rig.startCrm(),
      rig.startCrmProcess(),
    ]);
    const student = someStudent();
    for (const lesson of [3, 1]) await post(api, `/${student.id}/lessons/${lesson}/completed`);
    await post(api, '', student);
    await post(api, `/${student.id}/lessons/2/completed`);

    const deal = await stageOf(student, STAGES.lesson3);
    const { state } = await (await rig.bus().manager()).streams.info('STUDENTS');
    await rig.handled(services, state.last_seq);
    expect(await rig.dealsOf(student)).toMatchObject([{ id: deal.id, statusId: STAGES.lesson3 }]);
    expect(await rig.contactsOf(student)).toHaveLength(1);
  });

  test('who was a lead keeps that deal', async () => {
    const [api] = await Promise.all([startApi(), rig.startCrm()]);
    const lead = someLead({ kind: 'purchase', paymentMethod: 'kaspi' });
    await rig.publishLead(lead);
    const { dealId } = await rig.synced(lead);
    const student = { ...someStudent(), phone: lead.phone! };
    await post(api, '', student);
    await post(api, `/${student.id}/lessons/2/completed`);

    expect(await stageOf(lead, STAGES.lesson2)).toMatchObject({ id: dealId });
    expect(await rig.told(lead.leadId, 'moved')).toMatchObject({ stageId: STAGES.lesson2 });
  });
});

test('what is no student, no lesson or has no right to tell is refused with the reason', async () => {
  const api = await startApi();
  const student = someStudent();
  expect((await post(api, '', student, 'another-token')).status).toBe(401);
  expect((await post(api, '', { ...student, id: 'dana@mail.kz' })).status).toBe(400);
  expect((await post(api, '', { id: student.id })).status).toBe(400);
  for (const id of [null, undefined, true]) {
    expect((await post(api, '', { ...student, id })).status).toBe(400);
  }
  expect((await post(api, '/st-1/lessons/zero/completed')).status).toBe(400);
  expect((await post(api, '/st-1/lessons/0/completed')).status).toBe(400);
});
