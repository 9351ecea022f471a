/** Tokens with which programs ask our services: made, listed, ended. The audit log has who did it. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  TOKENS,
  TOKEN_PREFIX,
  hashToken,
  type AccessToken,
  type Scope,
} from '@leadwire/shared/contract/access-tokens';
import { changeKey, readKey } from '@leadwire/shared/coordination/kv';
import type { ActingParts } from '../acting.ts';
import { audited } from '../audit/audited.ts';
import { RefusedError } from '../refused-error.ts';

/** Why something could not be done with a token, as one token. */
export type TokenProblem = 'bad_name' | 'two_already' | 'unknown' | 'which_one';

/** It was refused, and nothing was changed. */
export class TokenError extends RefusedError<TokenProblem> {
  override readonly name = 'TokenError';
}

/** The old one and the one that takes its place; a third would be forgotten. */
const VALID_AT_ONCE = 2;
/** Ended tokens stay in the list for a look; the audit log keeps them all. */
const ENDED_KEPT = 50;
const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
const ID_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
const ID_LENGTH = 8;
const SECRET_BYTES = 24;
const patience = { tries: 5, busy: 'somebody else changes the tokens just now: try again' };

/** A token as it is listed: without its hash. */
export type ListedToken = Omit<AccessToken, 'hash'>;

/** Every token, the newest first. @throws what the broker throws */
export async function listTokens(bus: Pick<Bus, 'bucket'>): Promise<ListedToken[]> {
  const tokens = (await readKey(bus, TOKENS)) ?? [];
  return tokens.map(listed).reverse();
}

/**
 * Makes a token for somebody; all services take it within a second. `token` is shown once: only its hash is kept.
 * @throws TokenError `bad_name`, or `two_already` when two of this name are valid
 */
export async function addToken(
  { bus, actor }: ActingParts,
  { name, scopes }: { name: string; scopes: readonly Scope[] },
): Promise<{ added: ListedToken; token: string }> {
  const id = Array.from(
    { length: ID_LENGTH },
    () => ID_ALPHABET[randomInt(ID_ALPHABET.length)],
  ).join('');
  const token = `${TOKEN_PREFIX}${id}_${randomBytes(SECRET_BYTES).toString('hex')}`;
  const about = { name, scopes: [...new Set(scopes)].sort() };
  const createdAt = new Date().toISOString();
  const added = { id, ...about, hash: hashToken(token), createdAt, createdBy: actor };
  await audited(bus, { actor, action: 'token.added', subject: id, details: about }, async () => {
    if (!NAME.test(name)) {
      throw new TokenError(
        'bad_name',
        'a token is named by 1 to 40 small letters, digits or hyphens, for who holds it',
      );
    }
    await changeKey(bus, TOKENS, (before = []) => [...room(before, name), added], patience);
  });
  return { added: listed(added), token };
}

/**
 * Ends a token, named by its id, or by its name where one of that name is valid; within a second no service takes it.
 * @throws TokenError `unknown`, or `which_one` when two of the name are valid
 */
export async function revokeToken(
  { bus, actor }: ActingParts,
  idOrName: string,
): Promise<ListedToken> {
  const meant = meantBy((await readKey(bus, TOKENS)) ?? [], idOrName);
  const revokedAt = new Date().toISOString();
  const { id, name } = meant;
  await audited(bus, { actor, action: 'token.revoked', subject: id, details: { name } }, () =>
    changeKey(
      bus,
      TOKENS,
      (before = []) => before.map((each) => (each.id === id ? { ...each, revokedAt } : each)),
      patience,
    ),
  );
  return listed({ ...meant, revokedAt });
}

/** The valid token that is meant. @throws TokenError as `revokeToken` */
function meantBy(tokens: readonly AccessToken[], idOrName: string): AccessToken {
  const valid = tokens.filter(({ revokedAt }) => revokedAt === undefined);
  const [first, second] = valid.filter(({ id, name }) => id === idOrName || name === idOrName);
  if (first === undefined) throw new TokenError('unknown', 'no valid token has this id or name');
  if (second === undefined) return first;
  const ids = `${first.id} (older) and ${second.id}`;
  throw new TokenError('which_one', `two tokens of this name are valid, ${ids}: say which`);
}

/** @throws TokenError `two_already` */
function room(before: readonly AccessToken[], name: string): AccessToken[] {
  const valid = before.filter((each) => each.name === name && each.revokedAt === undefined);
  if (valid.length >= VALID_AT_ONCE) {
    const ids = valid.map(({ id }) => id).join(' and ');
    throw new TokenError(
      'two_already',
      `two tokens of this name are valid (${ids}): revoke one first`,
    );
  }
  const ended = before.filter(({ revokedAt }) => revokedAt !== undefined);
  const forgotten = new Set(ended.slice(0, Math.max(0, ended.length - ENDED_KEPT)));
  return before.filter((each) => !forgotten.has(each));
}

function listed({ hash: _hash, ...rest }: AccessToken): ListedToken {
  return rest;
}
