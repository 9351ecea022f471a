/**
 * Mails of Auth. The texts are the files that a hosted project is given as its own (supabase/templates), sent with
 * Resend's API as its SMTP would send them. Without a Resend nothing is sent and the log says so.
 */
import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';

/** Where mails go out. */
export interface MailAccount {
  /** Of Resend's API, such as the sandbox's. */
  baseUrl: string;
  apiKey: string;
  from: string;
}

/** A hosted project takes the subject beside the file; supabase/README.md has the same words. */
const SUBJECTS = { invite: 'Доступ в Leadwire', recovery: 'Новый пароль для Leadwire' } as const;
export type MailKind = keyof typeof SUBJECTS;

export interface AuthMailer {
  /** Resolves when the provider has it. @throws Error without the address when it has not */
  send(kind: MailKind, to: string, tokenHash: string): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** @param siteUrl where the console is, without a trailing slash: the links lead there */
export function createAuthMailer(
  account: MailAccount | undefined,
  siteUrl: string,
  log: Logger | undefined,
): AuthMailer {
  return {
    async send(kind, to, tokenHash) {
      if (account === undefined) {
        log?.warn({ kind }, 'a mail of Auth was not sent: RESEND_BASE_URL is not set');
        return;
      }
      const file = new URL(`../../../../supabase/templates/${kind}.html`, import.meta.url);
      const html = (await readFile(file, 'utf8'))
        .replaceAll('{{ .SiteURL }}', siteUrl)
        .replaceAll('{{ .TokenHash }}', tokenHash);
      const response = await fetch(`${account.baseUrl.replace(/\/+$/, '')}/emails`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${account.apiKey}`,
          'content-type': 'application/json',
          'user-agent': 'leadwire-supabase-local',
          // One link, one mail, however often the request to send it is repeated.
          'idempotency-key': `auth-${tokenHash}`,
        },
        body: JSON.stringify({ from: account.from, to: [to], subject: SUBJECTS[kind], html }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok) throw new Error(`the mail was refused with ${response.status}`);
    },
  };
}
