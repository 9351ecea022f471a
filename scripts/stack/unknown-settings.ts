/** Names in `.env` that nothing reads: a slip in one of them would leave its default in force without a word. */
import { closest, distance } from 'fastest-levenshtein';
import { settingNames } from './settings-check.ts';

/** What Docker's programs, Node and OpenSSL read (`COMPOSE_FILE`, `NODE_EXTRA_CA_CERTS`): right in `.env`, and not ours. */
const OF_OTHERS = /^(?:COMPOSE|DOCKER|BUILDKIT|BUILDX|NODE|SSL_CERT)_/;
/** More slips than this make another name. */
const MOST_SLIPS = 3;

/**
 * A line for a person about each name that `.env.example` does not have, with the name that was probably meant. No value is
 * shown: it may be a secret.
 * @param example the text of `.env.example`
 */
export function unknownSettings(names: readonly string[], example: string): string[] {
  const known = settingNames(example);
  return names
    .filter((name) => !known.includes(name) && !OF_OTHERS.test(name))
    .map((name) => {
      const likely = closest(name, known);
      const isLikely = distance(name, likely) <= MOST_SLIPS;
      return `.env: ${name} is no setting of Leadwire${isLikely ? `; did you mean ${likely}?` : '.'}`;
    });
}
