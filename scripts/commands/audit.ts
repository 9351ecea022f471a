/**
 * `npm run audit`: whether the npm registry knows of a hole in what the product runs with; 1 when one of level "high" or
 * worse is known. A registry that answers no such question (a mirror, no network) is said, and is no failure.
 */
import { pinnedPnpm } from '../machine/pinned-pnpm.ts';
import { say } from '../machine/progress.mjs';

const NO_ANSWER =
  /ERR_PNPM_AUDIT_(?:BAD_RESPONSE|ENDPOINT_NOT_EXISTS)|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|fetch failed|error sending request/i;

const { code, output } = await pinnedPnpm('audit', '--prod', '--audit-level', 'high');
if (code !== 0 && NO_ANSWER.test(output)) {
  say('LEFT OUT: the npm registry answers no audits from here (a mirror, or no network).');
} else {
  say(output.trim());
  process.exitCode = code;
}
