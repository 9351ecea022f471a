/**
 * What the console does with events: nothing but have open pages look again. It reads no event, holds no consumer and
 * can lose none; whoever comes later sees the database.
 */

/** Facts that some page shows. */
export const changedSubjects = [
  'leads.>',
  'deliveries.>',
  'crm.>',
  'assignments.>',
  'campaign_deliveries.>',
  'dead.>',
  'referrals.>',
] as const;
