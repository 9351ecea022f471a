/** The CLI as a process. `npm run leadwire` sets the environment of the running stack before this. */
import { readEnv } from '@leadwire/shared/runtime/env';
import { envSchema } from './env.ts';
import { inSentence } from './failure.ts';
import { runCli } from './program.ts';

process.stdout.on('error', endWithoutOutput);
// Nobody is there to be told (`2>&1 | head`).
process.stderr.on('error', () => process.exit(1));

const code = await runCli(process.argv.slice(2), () => readEnv(envSchema));
// Not when everything has come to rest: a database that does not answer is still being asked.
process.stdout.write('', (error) => {
  // Of a file this is the first to know; what failed before has said so.
  if (error && code === 0) endWithoutOutput(error);
  process.exit(code);
});

/** The reader of a pipe has seen enough (`| head`); on a full disk half of it is missing. */
function endWithoutOutput(error: NodeJS.ErrnoException): never {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`${inSentence(Object.assign(error, { path: 'The output' }))}\n`);
  process.exit(1);
}
