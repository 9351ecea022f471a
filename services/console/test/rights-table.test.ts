import { expect, test } from 'vitest';
import { routesOf, type RouteParts } from '../src/routes.ts';
import { MAY } from './rights-table.ts';

test('every page and action is in the table of rights, with its roles', () => {
  const routes = routesOf({} as RouteParts);
  const may = routes.map(({ method, path, roles }) => [`${method} ${path}`, [...roles].sort()]);
  const expected = Object.entries(MAY).map(([route, roles]) => [route, [...roles].sort()]);
  expect(Object.fromEntries(may)).toEqual(Object.fromEntries(expected));
});
