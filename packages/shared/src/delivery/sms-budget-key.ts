/** Where the SMS that leads cause are counted, and the alert about it: the notifier counts, a person lifts. */

/** In the bucket `limits`. */
export const SMS_BUDGET_KEY = 'budget.sms.leads';
export const SMS_BUDGET_ALERT = 'sms_budget';
