/** Texts on a screen. */
import type { ListedText, TextVersion } from '@leadwire/operations/texts/text-store';
import type { TextFinding } from '@leadwire/templates/own-texts/check-text';
import type { Shown } from '@leadwire/templates/own-texts/show-text';
import { columns, fromNow, oneLine, paint } from '../terminal.ts';

export function listLines(texts: readonly ListedText[]): string[] {
  if (texts.length === 0)
    return ['There are no texts yet: "leadwire texts write <name> <file>" makes one.'];
  const rows = texts.map((text) => [
    text.name,
    [text.hasMail && 'mail', text.hasSms && 'sms'].filter(Boolean).join('+'),
    String(text.version),
    text.isArchived ? 'archived' : text.purpose,
    fromNow(text.updatedAt),
    oneLine(text.title),
  ]);
  return columns(['NAME', 'WHAT', 'VERSION', 'FOR', 'CHANGED', 'TITLE'], rows);
}

export function versionLines(versions: readonly TextVersion[]): string[] {
  if (versions.length === 0) return ['There is no such text.'];
  const rows = versions.map(({ version, author, at, restoredFrom, isCurrent, title }) => [
    `${version}${isCurrent ? ' *' : ''}`,
    fromNow(at),
    oneLine(author),
    restoredFrom === null ? '' : `as version ${restoredFrom}`,
    oneLine(title),
  ]);
  return columns(['VERSION', 'SAVED', 'BY', '', 'TITLE'], rows);
}

/** Words of the checks are Russian: whoever wrote the text reads them. */
export function findingLines(findings: readonly TextFinding[]): string[] {
  if (findings.length === 0) return [paint('green', 'Nothing to mend.')];
  const colour = { stop: 'red', mend: 'yellow', know: 'gray' } as const;
  return findings.map(({ level, words, block }) => {
    const where = block === undefined ? '' : ` (block ${block + 1})`;
    return `${paint(colour[level], level)}  ${oneLine(words)}${where}`;
  });
}

export function previewLines({ mail, sms }: Shown): string[] {
  const parts = mail
    ? [
        `Subject: ${mail.subject}`,
        '',
        mail.text.trimEnd(),
        '',
        `HTML: ${Math.ceil(Buffer.byteLength(mail.html) / 1024)} KB of Gmail's 102`,
      ]
    : [];
  const short = sms ? [`SMS (${sms.segments} × ${sms.encoding}): ${sms.text}`] : [];
  return [...parts, ...(mail && sms ? [''] : []), ...short];
}
