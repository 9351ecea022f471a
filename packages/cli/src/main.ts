/** The CLI as a process. `npm run leadwire` sets the environment of the running stack before this. */
import { readEnv } from '@leadwire/shared/runtime/env';
import { envSchema } from './env.ts';
import { runCli } from './program.ts';

// The reader of a pipe has seen enough (`| head`).
process.stdout.on('error', () => process.exit(0));
const code = await runCli(process.argv.slice(2), () => readEnv(envSchema));
// Not when everything has come to rest: a database that does not answer is still being asked.
process.stdout.write('', () => process.exit(code));
