/** What a builder is, and the two ways in which most of them write. */

/** Somebody who fills a form in. */
export type FormPerson = { name: string; phone: string; email: string };

/** What tells one submission from another, and who is allowed to send it. */
export type Submission = {
  person: FormPerson;
  /** The builder's own id: the same one is the same submission. */
  id: string;
  /** Of the form in Leadwire: shown or signed with, as the builder can; an open form has none. */
  secret?: string | undefined;
  /** In Unix milliseconds, for signatures with a time. */
  now: number;
};

export type BuilderRequest = {
  headers: Record<string, string>;
  body: string;
  /** Of the address, without the question mark. */
  query: string;
};

export type Builder = {
  id: string;
  /** For the page. */
  title: string;
  /** The dialect that landing-api calls it. */
  dialect: string;
  /** What is special about it, for the page. */
  hint: string;
  request: (submission: Submission) => BuilderRequest;
  /** What it posts to try the address out: no lead. */
  trial?: (submission: Submission) => BuilderRequest;
};

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
/** Where the form stands, with the tags of the click. */
export const PAGE =
  'https://school.leadwire-sample.kz/?utm_source=ig&utm_medium=story&utm_campaign=spring';

export const shownIn = ({ secret }: Submission) =>
  secret === undefined ? '' : new URLSearchParams({ key: secret }).toString();
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
export const asForm = (
  fields: Record<string, string>,
  given: Submission,
  headers = {},
): BuilderRequest => ({
  headers: { ...FORM_TYPE, ...headers },
  body: form(fields),
  query: shownIn(given),
});
export const asJson = (value: unknown, given: Submission, headers = {}): BuilderRequest => ({
  headers: { ...JSON_TYPE, ...headers },
  body: JSON.stringify(value),
  query: shownIn(given),
});
