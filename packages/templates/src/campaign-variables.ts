/** Reads what a campaign and its list give for the variables of a template, against what the template declares. */
import type { z } from 'zod';
import type { AnyCampaignDefinition } from './campaign-data.ts';

/** What is wrong with one variable; `path` is its name. Carries nothing of what was given. */
export type VariableIssue = { path: string; message: string };

/** Variables by name. From `readVariables` and `readRecipient` they are checked and as the text files see them. */
export type CampaignVariables = Record<string, unknown>;

/** Either the checked variables, or everything that is wrong with them. */
export type ReadVariables =
  | { variables: CampaignVariables; issues?: undefined }
  | { issues: VariableIssue[]; variables?: undefined };

/** What is given once for the whole campaign; what may come per recipient may be missing here. */
export function readVariables(
  { variables, perRecipient }: AnyCampaignDefinition,
  given: Record<string, unknown>,
): ReadVariables {
  const names = Object.keys(variables).join(', ') || 'none';
  const unknown = Object.keys(given)
    .filter((key) => !Object.hasOwn(variables, key))
    .map((key) => ({ path: key, message: `no such variable; there are ${names}` }));
  const read = readEach(Object.entries(variables), (variable) => {
    const value = given[variable] === '' ? undefined : given[variable];
    return value === undefined && perRecipient.includes(variable) ? skip : value;
  });
  const issues = [...unknown, ...(read.issues ?? [])];
  return issues.length > 0 || read.issues ? { issues } : read;
}

/** One person's own values; other keys are left out, because a list has columns of its own. */
export function readRecipient(
  { variables, perRecipient }: AnyCampaignDefinition,
  { campaign, given }: { campaign: CampaignVariables; given: Readonly<Record<string, string>> },
): ReadVariables {
  const own = perRecipient.map((variable) => [variable, variables[variable]] as const);
  return readEach(own, (variable) => {
    const value = Object.hasOwn(given, variable) ? given[variable]?.trim() : undefined;
    if (value !== undefined && value !== '') return value;
    return campaign[variable] === undefined ? undefined : skip;
  });
}

/** Stands for a value that is not asked for here. */
const skip = Symbol('skip');

function readEach(
  types: readonly (readonly [string, z.ZodType | undefined])[],
  valueOf: (variable: string) => unknown,
): ReadVariables {
  const read: CampaignVariables = {};
  const issues: VariableIssue[] = [];
  for (const [variable, type] of types) {
    const value = valueOf(variable);
    if (value === skip || type === undefined) continue;
    const parsed = type.safeParse(value);
    if (parsed.success) read[variable] = parsed.data;
    else if (value === undefined) issues.push({ path: variable, message: 'missing' });
    else issues.push(...parsed.error.issues.map(({ message }) => ({ path: variable, message })));
  }
  return issues.length > 0 ? { issues } : { variables: read };
}
