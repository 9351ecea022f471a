/** AmoCRM in the world: as strict as the real one, except that it never blocks for good. */
import { CONTACT_HASH_SECRET } from '@leadwire/testing/settings';

/** The sandbox's own stages of its own pipeline. */
export const AMOCRM = {
  limitPerSecond: 7,
  stages: { first: 83_201_002, paid: 83_201_101 },
};
const TOKEN = 'amocrm-sandbox-long-lived-token';
const SEARCH_LAG_MS = 10_000;

/** Of the sandbox. A process under attack finds its own writes late. */
export const amocrmOptions = {
  ratePerSecond: AMOCRM.limitPerSecond,
  blockAfterExcesses: 0,
  indexLagMs: 1_000,
};

/** For the processes of crm-sync; `url` is the providers' line. */
export function crmEnv(url: string): Record<string, string> {
  return {
    CONTACT_HASH_SECRET,
    AMOCRM_BASE_URL: `${url}/amocrm`,
    AMOCRM_LONG_LIVED_TOKEN: TOKEN,
    AMOCRM_STAGE_DEFAULT: String(AMOCRM.stages.first),
    AMOCRM_STAGE_KASPI: String(AMOCRM.stages.paid),
    AMOCRM_SEARCH_LAG_MS: String(SEARCH_LAG_MS),
  };
}
