/** Forms on a screen. */
import type { ShownReading } from '@leadwire/operations/forms/form-requests';
import type { FormRow, RejectRow } from '@leadwire/operations/forms/form-store';
import type { IntakeForm } from '@leadwire/shared/contract/intake-forms';
import { maskJson } from '@leadwire/operations/masking/mask';
import { columns, counted, fromNow, oneLine, paint } from '../terminal.ts';

const MOST_REJECTS = 20;

export function formLines(form: IntakeForm, address: string): string[] {
  const { slug, kind, dialect, mapping, active } = form;
  const pairs = Object.entries(mapping).map(([theirs, ours]) => `${oneLine(theirs)} = ${ours}`);
  return [
    `${slug}: ${kind}, ${dialect}${active ? '' : ', off'}`,
    `  ${paint('green', address)}`,
    ...pairs.map((pair) => `  ${pair}`),
  ];
}

export function listLines(
  forms: readonly (FormRow & { rejects: number })[],
  bad: readonly string[],
  unknown: number,
): string[] {
  const rows = forms.map(({ slug, kind, dialect, active, last_lead_at: last, rejects }) => [
    slug,
    kind,
    dialect,
    active ? 'on' : 'off',
    last === null ? 'never' : fromNow(last),
    String(rejects),
  ]);
  return [
    ...(forms.length === 0
      ? ['There are no forms yet: "leadwire forms add <slug>" makes one.']
      : columns(['FORM', 'KIND', 'DIALECT', 'STATE', 'LAST LEAD', 'NO LEAD'], rows)),
    ...bad.map((slug) => paint('yellow', `The row "${oneLine(slug)}" of intake_forms is no form.`)),
    ...(unknown > 0
      ? [`${counted(unknown, 'post')} to forms that do not exist made no lead.`]
      : []),
  ];
}

export function rejectLines(rejects: readonly RejectRow[], isPrivate: boolean): string[] {
  if (rejects.length === 0) return ['No post waits to be read again.'];
  return [
    `${counted(rejects.length, 'post')} made no lead:`,
    ...rejects
      .slice(0, MOST_REJECTS)
      .flatMap(({ id, reason, fields, received_at: at, body }) => [
        `  ${id}  ${fromNow(at)}  ${reason}  ${oneLine(fields.join(', '))}`,
        ...(isPrivate ? [`    ${oneLine(body)}`] : []),
      ]),
  ];
}

export function readingLines(reading: ShownReading): string[] {
  const { form, known, dialect, readable, why, test, id, fields, lead } = reading;
  const rows = fields.map(({ name, as, near }) => [
    oneLine(name),
    as,
    near === undefined
      ? ''
      : `close to a name for ${near}: --map "${oneLine(name)}=${near}" if it is meant`,
  ]);
  return [
    `${form}${known ? '' : ' (no such form: taken as a request, and flagged)'}: ${dialect ?? 'no format that is known'}`,
    ...(test ? ['A test post of the sender: no lead.'] : []),
    ...(id === null || id === undefined ? [] : [`Known again by ${oneLine(id)}.`]),
    ...(rows.length > 0 ? columns(['THEIR FIELD', 'READ AS', ''], rows) : []),
    readable ? 'The lead would be:' : `No lead: ${why ?? 'not readable'}.`,
    ...(lead === undefined ? [] : [JSON.stringify(maskJson(lead), null, 2)]),
  ];
}
