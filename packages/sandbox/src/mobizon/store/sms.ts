/** What Mobizon keeps: campaigns, and the messages in them. */

export type CampaignStatus =
  'NEW' | 'MODERATION' | 'DECLINED' | 'READY_FOR_SEND' | 'RUNNING' | 'SENT' | 'DONE';

export type MessageStatus =
  | 'NEW'
  | 'ENQUEUD'
  | 'ACCEPTD'
  | 'PDLIVRD'
  | 'DELIVRD'
  | 'UNDELIV'
  | 'REJECTD'
  | 'EXPIRED'
  | 'DELETED';

export type Campaign = {
  id: string;
  /** 1 single, 2 bulk, 3 template with placeholders. */
  type: '1' | '2' | '3';
  name: string;
  text: string;
  from: string;
  askedFrom: string | null;
  status: CampaignStatus;
  createdAt: number;
  sentAt: number | null;
  deferredTo: number | null;
  validityMinutes: number;
  mclass: string;
  rateLimit: string | null;
  ratePeriod: string | null;
  rejectedRecipients: number;
  comment: string;
};

export type Sms = {
  id: string;
  campaignId: string;
  to: string;
  text: string;
  from: string;
  uuid: string;
  segments: number;
  encoding: 'GSM-7' | 'UCS-2';
  /** Ten-thousandths of a tenge; 0 until it is billed. */
  cost: number;
  status: MessageStatus;
  createdAt: number;
  startedAt: number | null;
  statusAt: number;
};

/** No further change comes after these. */
export const FINAL: readonly MessageStatus[] = [
  'DELIVRD',
  'UNDELIV',
  'REJECTD',
  'EXPIRED',
  'DELETED',
];
