/**
 * Why somebody of a list is not written to: one closed list for the preview, the report and the rows of
 * `campaign_left_out`. The first seven and `erased` are found when the list is read; the others by the database, anew at every
 * preview and for good at the start.
 */
export const leftOutReasons = {
  contact_missing: 'no address, or no phone, for this channel',
  contact_invalid: 'the address or the phone cannot exist',
  phone_rounded: 'a spreadsheet rounded the phone: format the column as text',
  phone_cut_by_mask: 'begun with 8 in a mask that begins with +7: the last digit is lost',
  sms_not_allowed: 'no mobile number of the countries in SMS_COUNTRIES',
  duplicate: 'stands in the list more than once',
  excluded_by_campaign: 'excluded for this campaign',
  excluded_standing: 'on the standing list of staff and test accounts',
  unsubscribed: 'has unsubscribed',
  bounced: 'mail came back for good',
  complained: 'has reported our mail as spam',
  suppressed: 'blocked by hand',
  erased: 'was erased at their own wish: neither name nor contact is kept',
  topic_already_sent: 'got this topic from an earlier campaign',
} as const;
export type LeftOutReason = keyof typeof leftOutReasons;
