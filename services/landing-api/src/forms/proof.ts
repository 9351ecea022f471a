/** Whether a post comes from who holds the form's secret: by a signature where the sender signs, else by showing it. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IntakeForm } from '@leadwire/shared/contract/intake-forms';
import type { Post } from './sent.ts';

/** Where a sender can put the secret: `?key=`, a header, or, Google Ads, the body. */
export interface Shown {
  key: string | undefined;
}

/** True for a form without a secret. */
export function isProven(form: Pick<IntakeForm, 'secret'>, post: Post, shown: Shown): boolean {
  const { secret } = form;
  if (secret === null) return true;
  const { headers, body } = post;
  const given = [shown.key, headers['x-leadwire-key'], body?.['google_key']];
  if (given.some((each) => typeof each === 'string' && isSame(each, secret))) return true;
  return isTypeforms(post, secret) || isWpforms(post, secret);
}

/** `sha256=` and the digest in base64, over the raw body. */
function isTypeforms({ headers, raw }: Post, secret: string): boolean {
  const given = headers['typeform-signature'];
  const digest = createHmac('sha256', secret).update(raw).digest('base64');
  return typeof given === 'string' && isSame(given, `sha256=${digest}`);
}

/**
 * `t=<unix>,v=<hex digest of "t.body">`. The time is not compared: WPForms sends late and once, and a repeat is the
 * same lead by its entry's id.
 */
function isWpforms({ headers, raw }: Post, secret: string): boolean {
  const given = headers['x-wpforms-webhook-signature'];
  const [, time, value] = /^t=(\d+),\s*v=([0-9a-f]+)$/.exec(String(given)) ?? [];
  if (time === undefined || value === undefined) return false;
  const digest = createHmac('sha256', secret).update(`${time}.`).update(raw).digest('hex');
  return isSame(value, digest);
}

/** In a time that does not tell how much of it fits. */
export function isSame(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
