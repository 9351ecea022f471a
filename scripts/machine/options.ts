/** What was written behind a command of ours. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { say } from './progress.mjs';

/**
 * As `parseArgs` reads them. `--help` shows the usage and ends the process with 0; what cannot be read is said in a
 * sentence, with the usage, and ends it with 2.
 */
export function readOptions<Config extends ParseArgsConfig>(
  config: Config,
  usage: string,
): ReturnType<typeof parseArgs<Config>> {
  if (process.argv.includes('--help')) {
    say(usage);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (thrown) {
    if (!(thrown instanceof TypeError)) throw thrown;
    say(`${thrown.message}\n${usage}`);
    process.exit(2);
  }
}
