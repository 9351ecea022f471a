import { expect, test } from 'vitest';
import { withoutRefused } from '../src/refused-fields.ts';

const body = () => ({
  deal: {
    name: 'Профтест',
    pipeline_id: 1,
    status_id: 2,
    custom_fields_values: [
      { field_code: 'UTM_SOURCE' },
      { field_id: 7 },
      { field_code: 'UTM_TERM' },
    ],
    _embedded: { tags: [{ name: 'a' }] },
  },
  person: {
    name: 'Айгерим',
    custom_fields_values: [{ field_code: 'PHONE', values: [{ value: '1' }] }],
  },
});
const refuse = (...paths: string[]) =>
  withoutRefused(
    body(),
    paths.map((path) => ({ path, code: 'NotSupportedChoice' })),
  );

test('fields that are refused go, by their places, and are named', () => {
  const { body: left, leftOut } = refuse(
    'deal.custom_fields_values.0.field_code',
    'deal.custom_fields_values.1.values.0.value',
  );
  expect(left.deal.custom_fields_values).toEqual([{ field_code: 'UTM_TERM' }]);
  expect(leftOut).toEqual([
    'field UTM_SOURCE (NotSupportedChoice)',
    'field 7 (NotSupportedChoice)',
  ]);
});

test('a stage goes alone, a pipeline takes its stage along', () => {
  expect(refuse('deal.status_id').body.deal).toMatchObject({ pipeline_id: 1 });
  expect(refuse('deal.status_id').leftOut).toEqual(['status_id 2 (NotSupportedChoice)']);
  const { deal } = refuse('deal.pipeline_id').body;
  expect([deal.pipeline_id, deal.status_id]).toEqual([undefined, undefined]);
});

test('a contact’s number that is refused does not cost the contact', () => {
  const { body: left } = refuse('person.custom_fields_values.0.values.0.enum_code');
  expect(left.person).toEqual({ name: 'Айгерим' });
});

test('what a deal cannot do without stays, and nothing is said to be left out', () => {
  const { body: left, leftOut } = refuse('deal.name', 'somewhere.else', '');
  expect(left).toEqual(body());
  expect(leftOut).toEqual([]);
});
