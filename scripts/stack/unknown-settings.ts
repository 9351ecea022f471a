/** Names in `.env` that nothing reads: a slip in one of them would leave its default in force without a word. */
import { closest, distance } from 'fastest-levenshtein';
import { settingNames } from './settings-check.ts';

/** More slips than this make another name. */
const MOST_SLIPS = 3;

/**
 * A line for a person about each name that `.env.example` does not have, with the name that was probably meant.
 * @param example the text of `.env.example`
 */
export function unknownSettings(names: readonly string[], example: string): string[] {
  const known = settingNames(example);
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const likely = closest(name, known);
      const isLikely = distance(name, likely) <= MOST_SLIPS;
      return `.env: ${name} is no setting of Leadwire${isLikely ? `; did you mean ${likely}?` : '.'}`;
    });
}
