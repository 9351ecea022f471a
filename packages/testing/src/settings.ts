/**
 * What every rig tells the services and the sandbox of itself: invented secrets, addresses and the providers' wide
 * limits. A rig adds what its own tests are about.
 */
export const ADMIN_TOKEN = 'an-admin-token-for-tests';
export const UNSUBSCRIBE_SECRET = 'a-secret-for-tests-of-32-characters';
export const CONTACT_HASH_SECRET = 'a-hash-key-for-tests-of-32-characters';
export const PUBLIC_BASE_URL = 'https://leadwire.kz';
export const FROM_EMAIL = 'Leadwire <hello@leadwire.kz>';
/** What the sandbox takes from the start. */
export const RESEND_KEY = 're_sandbox_key';
export const MOBIZON_KEY = 'k'.repeat(40);
/** Requests per second on both sides: limits have tests of their own. */
export const RATE_PER_SECOND = 50;

/** For a sandbox in the test's own process. */
export const sandboxOptions = {
  resend: {
    apiKeys: [RESEND_KEY],
    verifiedDomains: ['leadwire.kz'],
    ratePerSecond: RATE_PER_SECOND,
  },
  mobizon: {
    apiKey: MOBIZON_KEY,
    ratePerSecondPerMethod: RATE_PER_SECOND,
    senders: ['Leadwire'],
  },
};

/** For a service that sends mails by the sandbox at this address. */
export const resendEnv = (sandboxUrl: string) => ({
  RESEND_API_KEY: RESEND_KEY,
  RESEND_BASE_URL: `${sandboxUrl}/resend`,
  RESEND_FROM_EMAIL: FROM_EMAIL,
  RESEND_RATE_PER_SECOND: String(RATE_PER_SECOND),
});

/** For a service that sends SMS by the sandbox at this address. */
export const mobizonEnv = (sandboxUrl: string) => ({
  MOBIZON_API_KEY: MOBIZON_KEY,
  MOBIZON_BASE_URL: `${sandboxUrl}/mobizon`,
  MOBIZON_FROM: 'Leadwire',
  MOBIZON_RATE_PER_SECOND: String(RATE_PER_SECOND),
  MOBIZON_LISTING_LAG_MS: '500',
});

/** For a notifier in front of this sandbox; its messages are due after `NOTIFY_DELAY_MS`. */
export const notifierEnv = (sandboxUrl: string) => ({
  NOTIFY_DELAY_MS: '300',
  CONTACT_HASH_SECRET,
  // Tests make more leads in an hour than a school in a day.
  SMS_BUDGET_PER_HOUR: '0',
  SMS_BUDGET_PER_DAY: '0',
  PUBLIC_BASE_URL,
  PROFTEST_RESULT_URL: 'https://leadwire.kz/result',
  COURSE_URL: 'https://leadwire.kz/course',
  ...resendEnv(sandboxUrl),
  ...mobizonEnv(sandboxUrl),
});

/** For a mailer-batch in front of this sandbox. */
export const mailerEnv = (sandboxUrl: string) => ({
  ADMIN_TOKEN,
  PUBLIC_BASE_URL,
  UNSUBSCRIBE_SECRET,
  CONTACT_HASH_SECRET,
  CAMPAIGN_QUIET_HOURS: 'none',
  SMS_BUDGET_PER_HOUR: '0',
  SMS_BUDGET_PER_DAY: '0',
  ...resendEnv(sandboxUrl),
  ...mobizonEnv(sandboxUrl),
});
