import { describe, expect, test } from 'vitest';
import { auditAnswer } from '../machine/audit-answer.ts';

describe('an audit of dependencies', () => {
  test('that found nothing bad is good, and its words are shown', () => {
    expect(auditAnswer(0, 'No known vulnerabilities found\n')).toEqual({
      exitCode: 0,
      text: 'No known vulnerabilities found',
    });
  });

  test('that found a hole fails', () => {
    const table = '┌──────┐\n│ high │ Prototype pollution in x │\n1 vulnerabilities found';
    expect(auditAnswer(1, table)).toEqual({ exitCode: 1, text: table });
  });

  test.each([
    [
      'Error: ERR_PNPM_AUDIT_BAD_RESPONSE\n× The audit endpoint (at https://…) responded with 405:',
      'HTTP 405',
    ],
    ['ERR_PNPM_AUDIT_ENDPOINT_NOT_EXISTS', 'did not answer'],
    ['request to https://… failed, reason: getaddrinfo EAI_AGAIN', 'did not answer'],
  ])('that did not take place is neither, and says what to do: %s', (output, words) => {
    const { exitCode, text } = auditAnswer(1, output);
    expect(exitCode).toBe(2);
    expect(text).toContain(words);
    expect(text).toContain('npm run sbom');
    expect(text).toContain(output);
  });
});
