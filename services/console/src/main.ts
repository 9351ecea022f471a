import { readEnv } from '@leadwire/shared/runtime/env';
import { runService } from '@leadwire/shared/service/service';
import { createConsole } from './app.ts';
import { envSchema } from './env.ts';

await runService(await createConsole(readEnv(envSchema)));
