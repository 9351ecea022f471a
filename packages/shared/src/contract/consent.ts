/** That somebody agreed to the use of what they left: kept with it, because it has to be shown when they ask. */
import { z } from 'zod';

export const consentFields = {
  /** When they agreed, as the form says; else when it came. Missing when no form said that they did. */
  consentAt: z.iso.datetime().optional(),
  /** The words that they agreed to, as far as the form sent them. */
  consentText: z.string().optional(),
};
