/** The sandbox as a thread: reads the variables that it was given, starts, and says where it listens. */
import { parentPort } from 'node:worker_threads';
import { readSandboxEnv, sandboxOptionsFrom } from '@leadwire/sandbox/env';
import { startSandbox } from '@leadwire/sandbox/sandbox';

const options = sandboxOptionsFrom(readSandboxEnv(process.env));
const { url } = await startSandbox({ ...options, port: 0 });
parentPort?.postMessage(url);
