/**
 * What each campaign template needs to know. Whoever makes a campaign gives the variables once; those listed under
 * `perRecipient` may be given for a single person instead (a column of the CSV), and the person's own goes first.
 */
import type { z } from 'zod';

import { dayOf, longMoment, shortMoment } from './russian-time.ts';
import { moment, optional, ownLines, ownText, ownUrl } from './variable-types.ts';

type Variables = Record<string, z.ZodType>;

interface CampaignDefinition<V extends Variables> {
  /** Every variable, also those that come per recipient. Required unless `optional`. */
  variables: V;
  perRecipient: readonly (keyof V & string)[];
  /** The variable whose moment the text counts down to, as `countdown`; it must lie ahead at the start. */
  countdownTo?: keyof V & string;
  /** More words for the text files, made of the campaign's own variables. */
  words?(data: { [K in keyof V]: z.output<V[K]> }, timeZone: string): Record<string, string | null>;
}

const define = <V extends Variables>(definition: CampaignDefinition<V>) => definition;

const streamMoved = define({
  variables: {
    stream: ownText(120).meta({ description: 'What the live stream is called.' }),
    newDate: moment.meta({ description: 'When it takes place now.' }),
    oldDate: optional(moment).meta({ description: 'When it was to take place.' }),
    reason: ownText(300).meta({ description: 'Why it was moved; a full sentence.' }),
    steps: ownLines(6, 200).meta({ description: 'What to do before it: up to six lines.' }),
    link: ownUrl.meta({ description: 'Where the button leads; may be a column of the CSV.' }),
    button: optional(ownText(40)).meta({ description: 'The words on the button.' }),
  },
  perRecipient: ['link'],
  countdownTo: 'newDate',
  words: ({ newDate, oldDate }, timeZone) => ({
    newDateLong: longMoment(newDate, timeZone),
    newDay: dayOf(newDate, timeZone),
    newDateShort: shortMoment(newDate, timeZone),
    oldDateLong: oldDate === null ? null : longMoment(oldDate, timeZone),
  }),
});

/** One entry for each campaign's folder under `texts/`, by its name. */
const definitions = { 'stream-moved': streamMoved };

/** The name of a campaign template: its folder under `texts/`. */
export type CampaignTemplateName = keyof typeof definitions;

/** All campaign templates, in alphabetical order. */
export const campaignTemplateNames = Object.keys(definitions).sort() as CampaignTemplateName[];

/** A definition as the rest of the code sees it: names and types, whatever the template. */
export type AnyCampaignDefinition = {
  variables: Readonly<Record<string, z.ZodType>>;
  perRecipient: readonly string[];
  countdownTo?: string;
  words?(data: never, timeZone: string): Record<string, string | null>;
};

/** True when `name` is a campaign template. */
export function isCampaignTemplate(name: string): name is CampaignTemplateName {
  return Object.hasOwn(definitions, name);
}

/** What a campaign template declares. */
export function definitionOf(name: CampaignTemplateName): AnyCampaignDefinition {
  return definitions[name];
}
