/** A container's health: exit 0 when the part in it has started and has the broker (`/startedz`), providers or not. */
const { PORT, HEALTH_PATH = '/startedz' } = process.env;

const answer = await fetch(`http://127.0.0.1:${PORT}${HEALTH_PATH}`, {
  signal: AbortSignal.timeout(4_000),
});
process.stdout.write(await answer.text());
process.exitCode = answer.ok ? 0 : 1;
