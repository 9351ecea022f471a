import { Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { pino } from 'pino';
import { createHttpApp, type Answer } from '@leadwire/shared/service/http-app';
import { answerProblems } from '@leadwire/shared/service/http-problems';

function start() {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const answers: Answer[] = [];
  const app = createHttpApp({
    log: pino({ level: 'debug' }, sink),
    onAnswer: (answer) => answers.push(answer),
  });
  onTestFinished(() => app.close());
  answerProblems(app);
  app.get('/leads/:phone', () => ({ success: true }));
  app.get('/readyz', (_request, reply) => reply.code(503).send({}));
  return { app, lines, answers };
}

test('an answer is measured and logged by its pattern: nothing of the address, right or wrong', async () => {
  const { app, lines, answers } = start();
  await app.inject('/leads/+77000000001?name=Aigerim');
  await app.inject('/lead/+77000000001');
  await app.inject('/leads/%E0%A4%A+77000000001');
  const seen = answers.map(({ method, route, status }) => [method, route, status]);
  expect(seen).toContainEqual(['GET', '/leads/:phone', 200]);
  expect(seen).toContainEqual(['GET', 'none', 404]);
  expect(answers.every(({ seconds }) => seconds >= 0)).toBe(true);
  expect(lines.join('')).toContain('/leads/:phone');
  expect(lines.join('')).not.toMatch(/77000000001|Aigerim/);
});

test('refusals are told, what went well and what health says only when somebody looks closer', async () => {
  const { app, lines } = start();
  await app.inject('/leads/1/');
  await app.inject('/nothing');
  await app.inject('/readyz');
  const levels = lines.map((line) => JSON.parse(line) as { level: number; status: number });
  expect(levels.map(({ level, status }) => [level, status])).toEqual([
    [20, 200],
    [30, 404],
    [20, 503],
  ]);
});
