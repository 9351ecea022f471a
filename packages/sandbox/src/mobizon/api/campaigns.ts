/** The module `campaign`: create -> addRecipients -> send, where every step can be repeated without a second SMS. */
import { formatTimestamp, isWithin } from '../store/account-time.ts';
import { MobizonError, invalid } from './envelope.ts';
import { group, required, text, type Params } from './form.ts';
import { page, sortRows } from './listing.ts';
import { readSendOptions } from './messages.ts';
import type { Method, MobizonParts } from './method.ts';
import { formatMoney } from '../store/segments.ts';
import { FINAL, type Campaign, type Sms } from '../store/sms.ts';

/** Bulk is the documented wording's default: a client looking for single messages has to ask for type 1. */
const LISTED_TYPE = '2';
const RATE_PERIODS = ['60', '3600', '86400'];
/** A deferred campaign can be deleted until this long before its start. */
const DELETE_MARGIN_MS = 5 * 60 * 1000;

/** `campaign/create`: a draft, nothing is sent. Answers the bare id as a string. */
export const createCampaign: Method = async (params, { account, settings, world }, request) => {
  const data = group(params, 'data');
  const words = required(data, 'text');
  if (words.trim() === '') throw invalid('text', 'Необходимо заполнить текст сообщения.');
  const type = text(data, 'type') ?? LISTED_TYPE;
  if (type !== '1' && type !== '2' && type !== '3') throw invalid('type', 'Неверный тип кампании.');
  const ratePeriod = text(data, 'ratePeriod') ?? null;
  if (ratePeriod !== null && !RATE_PERIODS.includes(ratePeriod)) {
    throw invalid('ratePeriod', 'Период ограничения может быть 60, 3600 или 86400 секунд.');
  }
  const { name, deferredTo, validityMinutes, mclass } = readSendOptions(
    data,
    world.clock.now(),
    settings(),
  );
  await request.pass('before-effect');
  const campaign = account.create({
    type,
    name,
    text: words,
    askedFrom: text(data, 'from') ?? null,
    deferredTo,
    validityMinutes,
    mclass,
    rateLimit: text(data, 'rateLimit') ?? null,
    ratePeriod,
  });
  await request.pass('after-effect');
  return { code: 0, data: campaign.id };
};

/** Finds the campaign named by `id`; code 11 without an id, 2 for an unknown one, 10 while another call changes it. */
export function findCampaign(params: Params, { account, locked }: MobizonParts): Campaign {
  const campaign = account.campaigns.get(required(params, 'id'));
  if (campaign === undefined) throw new MobizonError(2);
  if (locked.has(campaign.id)) throw new MobizonError(10);
  return campaign;
}

/** `campaign/send`: 1 moderation, 2 sent, as a bare number; a second time code 10. */
export const sendCampaign: Method = async (params, parts, request) => {
  const { account, settings, world, tasks } = parts;
  const campaign = findCampaign(params, parts);
  const messages = account.ofCampaign(campaign.id);
  if (campaign.status !== 'NEW' && campaign.status !== 'READY_FOR_SEND') throw new MobizonError(10);
  if (messages.length === 0) throw new MobizonError(10, '', 'В кампании нет получателей.');
  account.checkBalance(messages.map((each) => each.text));
  await request.pass('before-effect');
  const send = () => world.store.transaction(() => account.send(campaign.id));
  if (settings().sendAsTask) {
    account.moveCampaign(campaign.id, { status: 'RUNNING' });
    return tasks.start(settings().taskMs, send);
  }
  const data = send();
  await request.pass('after-effect');
  return { code: 0, data };
};

/** `campaign/delete`: only what has not gone out. */
export const deleteCampaign: Method = (params, parts) => {
  const { account, world } = parts;
  const campaign = findCampaign(params, parts);
  const isDraft = campaign.status === 'NEW' || campaign.status === 'READY_FOR_SEND';
  const isFarOff =
    campaign.deferredTo !== null && campaign.deferredTo - world.clock.now() >= DELETE_MARGIN_MS;
  if (!isDraft && !isFarOff) throw new MobizonError(10);
  world.store.transaction(() => account.remove(campaign.id));
  return { code: 0, data: true };
};

/** `campaign/getInfo`: the counters may lag behind. */
export const getCampaignInfo: Method = (params, parts) => {
  const { account, settings, world } = parts;
  const campaign = account.campaigns.get(required(params, 'id'));
  if (campaign === undefined) throw new MobizonError(2);
  const { timeZone, countersLagMs } = settings();
  const counted = account
    .ofCampaign(campaign.id)
    .filter((each) => world.clock.now() - each.statusAt >= countersLagMs);
  return {
    code: 0,
    data: {
      ...campaignRow(campaign, timeZone),
      sendStatus: campaign.status,
      globalComment: campaign.comment,
      extra: {
        validity: String(campaign.validityMinutes),
        mclass: campaign.mclass,
        coding: counted[0]?.encoding === 'UCS-2' ? '2' : '0',
        isTestAlphanameUsed: campaign.askedFrom !== null && campaign.askedFrom !== campaign.from,
      },
      counters: countersOf(campaign, counted, formatTimestamp(world.clock.now(), timeZone)),
    },
  };
};

/** The names that counters use for statuses; UNKNOWN takes what has none. */
const COUNTED = [
  'NEW',
  'ENQUEUD',
  'ACCEPTD',
  'DELIVRD',
  'UNDELIV',
  'REJECTD',
  'EXPIRED',
  'DELETED',
  'UNKNOWN',
];

function countersOf(
  campaign: Campaign,
  messages: Sms[],
  updateTs: string,
): Record<string, unknown> {
  const counters: Record<string, unknown> = {};
  const sum = (some: Sms[], of: (sms: Sms) => number) =>
    some.reduce((total, each) => total + of(each), 0);
  const add = (name: string, some: Sms[]) => {
    counters[`${name}SegNum`] = String(sum(some, (each) => each.segments));
    counters[`${name}MsgNum`] = String(some.length);
    counters[`${name}MsgCost`] = formatMoney(sum(some, (each) => each.cost));
  };
  add('total', messages);
  for (const status of COUNTED) {
    const named = (each: Sms) =>
      (COUNTED.includes(each.status) ? each.status : 'UNKNOWN') === status;
    add(status.toLowerCase(), messages.filter(named));
  }
  add(
    'final',
    messages.filter((each) => FINAL.includes(each.status)),
  );
  return {
    ...counters,
    totalCost: formatMoney(sum(messages, (each) => each.cost)),
    recipientsRejected: String(campaign.rejectedRecipients),
    userCurrency: 'KZT',
    updateTs,
  };
}

/** `campaign/list`: no search by name, but the name is in each row. */
export const listCampaigns: Method = (params, { account, settings, world }) => {
  const criteria = group(params, 'criteria');
  const { indexLagMs, timeZone } = settings();
  const now = world.clock.now();
  const type = text(criteria, 'type') ?? LISTED_TYPE;
  const recipient = text(criteria, 'recipient');
  const found = account.campaigns
    .all()
    .filter(
      (each) =>
        now - each.createdAt >= indexLagMs &&
        each.type === type &&
        (text(criteria, 'id') ?? each.id) === each.id &&
        (text(criteria, 'status') ?? each.status) === each.status &&
        isWithin(
          each.createdAt,
          timeZone,
          text(criteria, 'createTsFrom'),
          text(criteria, 'createTsTo'),
        ) &&
        (recipient === undefined ||
          account.ofCampaign(each.id).some((sms) => sms.to.includes(recipient))),
    );
  const rows = found.map((each) => campaignRow(each, timeZone));
  const { items, total } = page(
    sortRows(rows, group(params, 'sort'), ['id', 'name', 'createTs', 'type']),
    params,
  );
  return { code: 0, data: { items, totalItemCount: String(total) } };
};

function campaignRow(campaign: Campaign, timeZone: string): Record<string, unknown> {
  const time = (at: number | null) => (at === null ? '' : formatTimestamp(at, timeZone));
  return {
    id: campaign.id,
    type: campaign.type,
    name: campaign.name,
    from: campaign.from,
    text: campaign.text,
    commonStatus: campaign.status,
    rateLimit: campaign.rateLimit ?? '',
    ratePeriod: campaign.ratePeriod ?? '',
    createTs: time(campaign.createdAt),
    startSendTs: time(campaign.sentAt),
    deferredToTs: time(campaign.deferredTo),
  };
}
