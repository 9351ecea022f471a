import { expect, test } from 'vitest';
import { createRandom } from '../random.ts';

const draw = (random: ReturnType<typeof createRandom>) =>
  Array.from({ length: 1_000 }, () => random.int(1, 6));

test('one seed is one sequence, another seed another', () => {
  expect(draw(createRandom(7))).toEqual(draw(createRandom(7)));
  expect(draw(createRandom(7))).not.toEqual(draw(createRandom(8)));
});

test('a fork depends on its name alone, not on what was drawn before', () => {
  const used = createRandom(7);
  draw(used);

  expect(draw(used.fork('load'))).toEqual(draw(createRandom(7).fork('load')));
  expect(draw(used.fork('load'))).not.toEqual(draw(used.fork('world')));
});

test('whole numbers reach both ends and are spread evenly', () => {
  const drawn = draw(createRandom(7));

  expect(new Set(drawn)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  expect(drawn.filter((each) => each === 6).length).toBeGreaterThan(120);
  expect(drawn.filter((each) => each === 6).length).toBeLessThan(220);
});
