import { describe, expect, test } from 'vitest';
import { ownStages } from '../src/amocrm/store/seed.ts';
import {
  amo,
  complexLead,
  makeLead,
  manyCalls,
  PIPELINE,
  type Complex,
  type LeadRow,
  type List,
  type Problem,
} from './amocrm-calls.ts';
import { openSandbox } from './sandbox-calls.ts';

describe('leads/complex', () => {
  test('makes a deal with its contact and answers a bare array', async () => {
    const sandbox = await openSandbox();
    const { status, body, type } = await amo<Complex[]>(sandbox, 'POST', '/api/v4/leads/complex', [
      complexLead({ request_id: 'lead-7' }),
      complexLead(),
    ]);
    expect([status, type]).toEqual([200, 'application/hal+json']);
    expect(body.map(({ id, request_id }) => [id, request_id])).toEqual([
      [30_000_001, ['lead-7']],
      [30_000_002, ['1']],
    ]);
    expect(body[0]).toMatchObject({ contact_id: 40_000_001, company_id: null, merged: false });
    const effects = await sandbox.control.crm('lead-created');
    expect(effects.map(({ by, to }) => [by, to])).toEqual([
      ['api', ['77051234567', 'aigerim@pochta-almaty.kz']],
      ['api', ['77051234567', 'aigerim@pochta-almaty.kz']],
    ]);
  });

  test('takes 50 deals and refuses 51', async () => {
    const sandbox = await openSandbox();
    const fifty = Array.from({ length: 50 }, () => complexLead());
    const path = '/api/v4/leads/complex';
    expect((await amo(sandbox, 'POST', path, [...fifty, complexLead()])).status).toBe(422);
    expect((await amo<Complex[]>(sandbox, 'POST', path, fifty)).body).toHaveLength(50);
  });

  test('joins a deal to an open one only where duplicate control is on', async () => {
    const sandbox = await openSandbox({ amocrm: { duplicateControl: true } });
    const first = await makeLead(sandbox);
    const { body } = await amo<Complex[]>(sandbox, 'POST', '/api/v4/leads/complex', [
      complexLead(),
    ]);
    expect(body[0]).toMatchObject({ id: first.id, contact_id: first.contact_id, merged: true });
    expect(await sandbox.control.crm('lead-created')).toHaveLength(1);
  });

  test('one bad item refuses the whole array and says which and where', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.amocrm.deleteField('leads', 'UTM_SOURCE');
    const { status, type, body } = await amo<Problem>(sandbox, 'POST', '/api/v4/leads/complex', [
      complexLead(),
      complexLead({
        request_id: 'second',
        custom_fields_values: [{ field_code: 'UTM_SOURCE', values: [{ value: 'ig' }] }],
      }),
    ]);
    expect([status, type]).toEqual([400, 'application/problem+json']);
    expect(body).toMatchObject({
      title: 'Bad Request',
      detail: 'Request validation failed',
      'validation-errors': [
        {
          request_id: 'second',
          errors: [{ code: 'NotSupportedChoice', path: 'custom_fields_values.0.field_code' }],
        },
      ],
    });
    expect(await sandbox.control.crm()).toEqual([]);
  });

  test('a contact with an unknown kind of phone is refused with its path', async () => {
    const sandbox = await openSandbox();
    const values = [{ value: '+77051234567', enum_code: 'PAGER' }];
    const item = complexLead({}, { custom_fields_values: [{ field_code: 'PHONE', values }] });
    const { body } = await amo<Problem>(sandbox, 'POST', '/api/v4/leads/complex', [item]);
    expect(body['validation-errors']?.[0]?.errors[0]?.path).toBe(
      '_embedded.contacts.0.custom_fields_values.0.values.0.enum_code',
    );
  });

  test('the same call after a 504 makes a second deal: nothing here is idempotent', async () => {
    const sandbox = await openSandbox();
    await sandbox.control.addFault({
      provider: 'amocrm',
      method: 'POST',
      path: '/api/v4/leads/complex',
      count: 1,
      action: { do: 'effect-then-5xx', status: 504 },
    });
    const call = () => amo(sandbox, 'POST', '/api/v4/leads/complex', [complexLead()]);
    expect(await call()).toMatchObject({ status: 504, type: 'text/html' });
    expect(await call()).toMatchObject({ status: 200 });
    expect(await sandbox.control.crm('lead-created')).toHaveLength(2);
  });
});

describe('PATCH of a deal', () => {
  test('moves it, and moving it there again is no second move', async () => {
    const sandbox = await openSandbox();
    const { id } = await makeLead(sandbox);
    const change = { status_id: ownStages.kaspi, pipeline_id: PIPELINE };
    const first = await amo<{ id: number }>(sandbox, 'PATCH', `/api/v4/leads/${id}`, change);
    expect([first.status, first.body.id]).toEqual([200, id]);
    await amo(sandbox, 'PATCH', '/api/v4/leads', [{ id, ...change }]);
    expect(await sandbox.control.crm('lead-moved')).toMatchObject([
      { id: String(id), statusId: ownStages.kaspi, by: 'api' },
    ]);
  });

  test('answers one deal bare or wrapped, as it is set', async () => {
    const sandbox = await openSandbox({ amocrm: { singlePatchShape: 'wrapped' } });
    const { id } = await makeLead(sandbox);
    const { body } = await amo<{ _embedded: { leads: { id: number }[] } }>(
      sandbox,
      'PATCH',
      `/api/v4/leads/${id}`,
      { price: 5000 },
    );
    expect(body._embedded.leads[0]?.id).toBe(id);
  });

  test('needs the pipeline beside won and lost, which all pipelines have', async () => {
    const sandbox = await openSandbox();
    const { id } = await makeLead(sandbox);
    const bare = await amo<Problem>(sandbox, 'PATCH', `/api/v4/leads/${id}`, { status_id: 142 });
    expect(bare.body['validation-errors']?.[0]?.errors[0]?.path).toBe('pipeline_id');
    await amo(sandbox, 'PATCH', `/api/v4/leads/${id}`, { status_id: 142, pipeline_id: PIPELINE });
    const { body } = await amo<LeadRow>(sandbox, 'GET', `/api/v4/leads/${id}`);
    expect(body.status_id).toBe(142);
    expect(body.closed_at).not.toBeNull();
  });

  test('has a stage 144 for the default configuration', async () => {
    const sandbox = await openSandbox();
    const { id } = await makeLead(sandbox);
    const change = { status_id: 144, pipeline_id: PIPELINE };
    expect((await amo(sandbox, 'PATCH', `/api/v4/leads/${id}`, change)).status).toBe(200);
  });

  test.each([
    ['a stage that was deleted', 'status_id'],
    ['an archived pipeline', 'pipeline_id'],
    ['the incoming stage', 'status_id'],
  ])('refuses %s', async (what, path) => {
    const sandbox = await openSandbox();
    const { id } = await makeLead(sandbox);
    const { amocrm } = sandbox.control;
    if (what === 'a stage that was deleted') await amocrm.deleteStatus(PIPELINE, ownStages.halyk);
    if (what === 'an archived pipeline') await amocrm.archivePipeline(PIPELINE);
    const incoming = (await amocrm.pipelines())[0]?.statuses.find((each) => each.incoming)?.id;
    const status_id = what === 'the incoming stage' ? incoming : ownStages.halyk;
    const { status, body } = await amo<Problem>(sandbox, 'PATCH', `/api/v4/leads/${id}`, {
      status_id,
      pipeline_id: PIPELINE,
    });
    expect([status, body['validation-errors']?.[0]?.errors[0]?.path]).toEqual([400, path]);
    expect(await sandbox.control.crm('lead-moved')).toEqual([]);
  });

  test('replaces all tags, or adds and removes some, but never both', async () => {
    const sandbox = await openSandbox();
    const { id } = await makeLead(sandbox, { _embedded: { tags: [{ name: 'a' }, { name: 'b' }] } });
    const tags = async (change: Record<string, unknown>) => {
      await amo(sandbox, 'PATCH', `/api/v4/leads/${id}`, change);
      const { body } = await amo<LeadRow>(sandbox, 'GET', `/api/v4/leads/${id}`);
      return body._embedded.tags.map(({ name }) => name);
    };
    expect(await tags({ tags_to_add: [{ name: 'c' }], tags_to_delete: [{ name: 'a' }] })).toEqual([
      'b',
      'c',
    ]);
    expect(
      await tags({ _embedded: { tags: [{ name: 'd' }] }, tags_to_add: [{ name: 'e' }] }),
    ).toEqual(['d']);
  });

  test('refuses to go back behind a newer change', async () => {
    const sandbox = await openSandbox();
    const { id } = await makeLead(sandbox);
    const { body } = await amo<Problem>(sandbox, 'PATCH', `/api/v4/leads/${id}`, {
      price: 1,
      updated_at: 1,
    });
    expect(JSON.stringify(body)).toContain('Last modified date is older than in database');
  });

  test('of a deal that was deleted meanwhile is refused', async () => {
    const sandbox = await openSandbox();
    const { id } = await makeLead(sandbox);
    await sandbox.control.amocrm.deleteLead(id);
    expect((await amo(sandbox, 'PATCH', `/api/v4/leads/${id}`, { price: 1 })).status).toBe(404);
    expect((await amo(sandbox, 'PATCH', '/api/v4/leads', [{ id, price: 1 }])).status).toBe(400);
    expect((await amo(sandbox, 'GET', `/api/v4/leads/${id}`)).status).toBe(204);
  });
});

describe('lists of deals', () => {
  test('come in pages whose links lead on, and end with 204', async () => {
    const sandbox = await openSandbox(manyCalls);
    const items = Array.from({ length: 3 }, (_, index) => ({ name: `Сделка ${index}` }));
    await amo(sandbox, 'POST', '/api/v4/leads', items);
    const first = await amo<List<'leads', LeadRow>>(sandbox, 'GET', '/api/v4/leads?limit=2');
    expect(first.body._embedded.leads).toHaveLength(2);
    const next = first.body._links.next?.href.replace(sandbox.amocrmUrl, '') ?? '';
    const second = await amo<List<'leads', LeadRow>>(sandbox, 'GET', next);
    expect(second.body._embedded.leads).toHaveLength(1);
    expect(second.body._links.next).toBeUndefined();
    const third = await amo(sandbox, 'GET', '/api/v4/leads?limit=2&page=3');
    expect([third.status, third.type, third.text]).toEqual([204, null, '']);
    expect((await amo(sandbox, 'GET', '/api/v4/leads?limit=251')).status).toBe(422);
  });

  test('filter by stage, id and the value of a field', async () => {
    const sandbox = await openSandbox(manyCalls);
    const own = { field_code: 'LEADWIRE_ID', values: [{ value: 'lead-42' }] };
    const { id } = await makeLead(sandbox, { custom_fields_values: [own] });
    const other = await makeLead(sandbox, { status_id: ownStages.kaspi });
    const ids = async (query: string) =>
      (
        await amo<List<'leads', LeadRow> | undefined>(sandbox, 'GET', `/api/v4/leads?${query}`)
      ).body?._embedded.leads.map((lead) => lead.id) ?? [];
    const place = `filter[statuses][0][pipeline_id]=${PIPELINE}&filter[statuses][0][status_id]`;
    expect(await ids(`${place}=${ownStages.kaspi}`)).toEqual([other.id]);
    expect(await ids(`filter[id][]=${id}&filter[id][]=${other.id}`)).toEqual([id, other.id]);
    expect(await ids('filter[custom_fields_values][850001][]=lead-42')).toEqual([id]);
    expect(await ids('query=lead-42')).toEqual([id]);
    expect(await ids('query=lead-43')).toEqual([]);
  });
});

describe('bodies', () => {
  test.each([
    ['nothing', '', 'Request data can not be empty'],
    ['an empty array', [], 'Request data can not be empty'],
    ['half a JSON', '[{"name":', 'Request body is not a valid JSON'],
    ['an object where an array belongs', { name: 'x' }, 'Request validation failed'],
  ])('%s is refused', async (_what, body, detail) => {
    const sandbox = await openSandbox();
    const answer = await amo<Problem>(sandbox, 'POST', '/api/v4/leads', body);
    expect([answer.status, answer.body.detail]).toEqual([400, detail]);
  });

  test('251 items are too many', async () => {
    const sandbox = await openSandbox();
    const items = Array.from({ length: 251 }, () => ({ name: 'x' }));
    const answer = await amo<Problem>(sandbox, 'POST', '/api/v4/leads', items);
    expect([answer.status, answer.body.detail]).toEqual([422, 'Limit 250 per page']);
  });
});
