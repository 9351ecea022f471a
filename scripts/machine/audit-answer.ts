/** What `pnpm audit` came to: its words are for people who know pnpm, and it ends with 1 whatever went wrong. */

export interface AuditAnswer {
  /** 0: no known hole of level "high" or worse; 1: one is known; 2: nobody knows, because the audit did not take place. */
  exitCode: 0 | 1 | 2;
  text: string;
}

/** How pnpm says that there was no answer, or one of another kind. */
const NO_ANSWER =
  /ERR_PNPM_AUDIT_\w+|ERR_PNPM_FETCH_\w+|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|fetch failed|error sending request/i;
const STATUS = /responded with (\d{3})/;

/** Reads how pnpm ended and what it printed. */
export function auditAnswer(code: number, output: string): AuditAnswer {
  if (code === 0) return { exitCode: 0, text: output.trim() };
  if (!NO_ANSWER.test(output)) return { exitCode: 1, text: output.trim() };
  const [, status] = STATUS.exec(output) ?? [];
  const what = status
    ? `the npm registry refused the question (HTTP ${status}), as mirrors do that only hand out packages`
    : 'the npm registry did not answer';
  return {
    exitCode: 2,
    text: [
      `NOT AUDITED: ${what}. Nothing is known about holes in dependencies.`,
      'What you can do: "npm run audit" on a machine whose registry is registry.npmjs.org itself,',
      'or "npm run sbom" here, and give its list to any scanner that reads CycloneDX (Trivy, Grype, OSV).',
      '',
      output.trim(),
    ].join('\n'),
  };
}
