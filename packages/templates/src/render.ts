/** Fills compiled text files in. Pure: the same files and the same view give the same bytes. */
import type { FilledText, LiquidText } from './liquid-text.ts';
import { measureSms } from './sms-length.ts';
import type { SmsLength } from './sms-length.ts';
import { TemplateError } from './template-error.ts';
import { clip, toOneLine } from './user-text.ts';

/** A mail ready to be sent; `subject` is one line, `html` and `text` end with a line break. */
export type RenderedMail = { subject: string; html: string; text: string };

/** An SMS in one line, how many segments it is billed as, and in which encoding. */
export type RenderedSms = { text: string } & SmsLength;

/** The parts of a mail; `layoutText` goes around `text` as its variable `mail`. */
export type MailTexts<Text = LiquidText> = {
  subject: Text;
  html: Text;
  text: Text;
  layoutText: Text;
};

/** The values that text files may name. */
export type View = Record<string, unknown>;

// Longer subjects are cut by every inbox; RFC 5322 wants header lines under 998 octets.
const MAX_SUBJECT_LENGTH = 150;

/** Fills a mail in. Throws a TemplateError that names the file. */
export function renderMailTexts(
  mail: MailTexts<Pick<LiquidText, 'render'>>,
  view: View,
): RenderedMail {
  const { subject, text } = renderMailLines(mail, view);
  return { subject, html: `${mail.html.render({ ...view, subject }).trim()}\n`, text };
}

/** A mail without its HTML. */
export function renderMailLines(
  mail: Omit<MailTexts<Pick<LiquidText, 'render'>>, 'html'>,
  view: View,
): Omit<RenderedMail, 'html'> {
  const subject = clip(toOneLine(mail.subject.render(view)), MAX_SUBJECT_LENGTH);
  const text = mail.layoutText.render({ ...view, mail: mail.text.render(view).trim() });
  return {
    subject,
    text: `${text
      .replace(/[ \t]+$/gm, '')
      .replace(/\n{3,}/g, '\n\n')
      .trim()}\n`,
  };
}

/** A mail to many people whose views differ only in `open`, as `LiquidText.fillIn`. */
export function fillInMail(
  mail: MailTexts,
  view: View,
  open: readonly string[],
): MailTexts<FilledText> {
  return {
    subject: mail.subject.fillIn(view, open),
    html: mail.html.fillIn(view, [...open, 'subject']),
    text: mail.text.fillIn(view, open),
    layoutText: mail.layoutText.fillIn(view, [...open, 'mail']),
  };
}

/** Fills an SMS in. Throws a TemplateError that names the file. */
export function renderSmsText(sms: LiquidText, view: View): RenderedSms {
  const text = toOneLine(sms.render(view));
  return { text, ...measureSms(text) };
}

/** The last net below the schemas: no value of any template can break a header or a line of the text part. */
export function withoutLineBreaks(value: unknown): unknown {
  if (typeof value === 'string') return toOneLine(value);
  if (Array.isArray(value)) return value.map(withoutLineBreaks);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutLineBreaks(item)]),
  );
}

/** Throws a TemplateError where a text names a variable that is not `known`, also in a branch nobody has seen. */
export function checkVariables({ file, variables }: LiquidText, known: readonly string[]): void {
  const unknown = variables.find((variable) => !known.includes(variable));
  if (unknown === undefined) return;
  throw new TemplateError(`${file}: no variable "${unknown}"; there are ${known.join(', ')}`);
}

/** What somebody typed, or says who they are: it may not stand in the line that an inbox shows under our name. */
const NOT_IN_A_SUBJECT = ['name', 'email', 'newEmail', 'result', 'answers'];

/** `checkVariables` for each part of a mail; a subject may name fewer. */
export function checkMailVariables(mail: MailTexts, known: readonly string[]): void {
  const inSubject = known.filter((variable) => !NOT_IN_A_SUBJECT.includes(variable));
  checkVariables(mail.subject, inSubject);
  checkVariables(mail.html, [...known, 'subject']);
  checkVariables(mail.text, known);
  checkVariables(mail.layoutText, [...known, 'mail']);
}
