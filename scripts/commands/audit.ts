/**
 * `npm run audit`: whether the npm registry knows of a hole in what the product runs with; ends with 1 when one of level
 * "high" or worse is known, with 2 when the registry did not say.
 */
import { auditAnswer } from '../machine/audit-answer.ts';
import { pinnedPnpm } from '../machine/pinned-pnpm.ts';
import { say } from '../machine/progress.mjs';

const { code, output } = await pinnedPnpm('audit', '--prod', '--audit-level', 'high');
const { exitCode, text } = auditAnswer(code, output);
say(text);
process.exitCode = exitCode;
