/** `campaign/addRecipients`: numbers at once, contact groups as a background task. */
import { findCampaign } from './campaigns.ts';
import { MobizonError, type MobizonResult } from './envelope.ts';
import { group, list, text, type Params } from './form.ts';
import { isInternational } from './messages.ts';
import type { Method, MobizonParts } from './method.ts';
import type { Campaign } from '../store/sms.ts';

const KINDS = ['recipients', 'recipientContacts', 'recipientGroups', 'recipientsFile'];
const MOST_RECIPIENTS = 500;

type Item = { recipient: string; code: number; messageId: string; type: string; number: string };
type Recipient = { number: string; placeholders: Record<string, string> };

/** Answers one code per recipient; the top code is 0 all, 98 some, 99 none. */
export const addRecipients: Method = async (params, parts, request) => {
  const campaign = findCampaign(params, parts);
  if (campaign.status !== 'NEW' && campaign.status !== 'READY_FOR_SEND') throw new MobizonError(10);
  const kinds = KINDS.filter((kind) => params[kind] !== undefined);
  if (kinds.length === 0) throw new MobizonError(11, 'recipients');
  if (kinds.length > 1) throw new MobizonError(12);
  const options = group(params, 'params');
  parts.locked.add(campaign.id);
  try {
    await request.pass('before-effect');
    const result = addKind(kinds[0] ?? '', params, options, campaign, parts);
    await request.pass('after-effect');
    return result;
  } finally {
    parts.locked.delete(campaign.id);
  }
};

function addKind(
  kind: string,
  params: Params,
  options: Params,
  campaign: Campaign,
  parts: MobizonParts,
): MobizonResult {
  const given = list(params, kind) ?? [];
  if (given.length > MOST_RECIPIENTS) throw new MobizonError(12);
  if (kind === 'recipientGroups') {
    const { groups, taskMs } = parts.settings();
    const numbers = given.flatMap((name) => (typeof name === 'string' ? (groups[name] ?? []) : []));
    return parts.tasks.start(
      taskMs,
      () => void addAll(numbers.map(bare), options, campaign, parts),
    );
  }
  // Contacts live in a module that is not documented, files need multipart: neither is played.
  if (kind !== 'recipients') throw new MobizonError(12);
  return addAll(given.map(readRecipient), options, campaign, parts);
}

const bare = (number: string): Recipient => ({ number, placeholders: {} });

function readRecipient(given: Params[string]): Recipient {
  if (typeof given !== 'object' || Array.isArray(given))
    return bare(typeof given === 'string' ? given : '');
  const fields = { ...given, ...group(given, 'placeholders') };
  const placeholders = Object.entries(fields).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && entry[0] !== 'recipient',
  );
  return { number: text(given, 'recipient') ?? '', placeholders: Object.fromEntries(placeholders) };
}

function addAll(
  recipients: Recipient[],
  options: Params,
  campaign: Campaign,
  parts: MobizonParts,
): MobizonResult {
  return parts.world.store.transaction(() => {
    if (text(options, 'replace') === '1') parts.account.clearMessages(campaign.id);
    const known = new Set(parts.account.ofCampaign(campaign.id).map(({ to }) => to));
    const items = recipients.map((each) => addOne(each, { options, campaign, known, parts }));
    const added = items.filter((item) => item.code === 0).length;
    parts.account.moveCampaign(campaign.id, {
      rejectedRecipients: campaign.rejectedRecipients + items.length - added,
      ...(added > 0 && { status: 'READY_FOR_SEND' }),
    });
    return { code: added === items.length ? 0 : added === 0 ? 99 : 98, data: items };
  });
}

/** What adding needs to know; `known` are the numbers that are in the campaign. */
type Adding = { options: Params; campaign: Campaign; known: Set<string>; parts: MobizonParts };

function addOne({ number, placeholders }: Recipient, adding: Adding): Item {
  const { options, campaign, known, parts } = adding;
  const refuse = (code: number): Item => ({
    recipient: number,
    code,
    messageId: '',
    type: 'number',
    number,
  });
  if (number === '') return refuse(1);
  if (!isInternational(number)) return refuse(3);
  if (known.has(number)) return refuse(4);
  if (parts.settings().stopList.includes(number)) return refuse(5);
  const words = fill(campaign, placeholders, text(options, 'placeholdersFlag') ?? '1');
  if (words === null) return refuse(20);
  const sms = parts.account.addMessage(campaign, number, words);
  known.add(number);
  return { recipient: number, code: 0, messageId: sms.id, type: 'number', number };
}

/** A template's text with its placeholders filled; what is missing is kept (1), stripped (2) or refused (3: null). */
function fill(
  campaign: Campaign,
  placeholders: Record<string, string>,
  flag: string,
): string | null {
  if (campaign.type !== '3') return campaign.text;
  let isMissing = false;
  const words = campaign.text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = placeholders[name];
    if (value !== undefined) return value;
    isMissing = true;
    return flag === '2' ? '' : whole;
  });
  return isMissing && flag === '3' ? null : words;
}
