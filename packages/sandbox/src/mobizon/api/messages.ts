/** The module `message`: sending one SMS, and asking about those that were sent. */
import { MobizonError, invalid } from './envelope.ts';
import { group, list, required, text, type Params } from './form.ts';
import { formatTimestamp, isWithin, parseTimestamp } from '../store/account-time.ts';
import { page, sortRows } from './listing.ts';
import type { Method, MobizonParts } from './method.ts';
import { formatMoney } from '../store/segments.ts';
import type { MobizonSettings } from '../lifecycle/settings.ts';
import type { Sms } from '../store/sms.ts';

const HOUR_MS = 3600 * 1000;
const MOST_IDS = 100;

/**
 * `message/sendSmsMessage`. No idempotency of any kind: two equal calls are two campaigns, two messages, two bills.
 * Faults strike right after the effect or before it.
 */
export const sendSmsMessage: Method = async (params, parts, request) => {
  const { account, settings, world } = parts;
  const to = checkNumber(required(params, 'recipient'), settings());
  const words = required(params, 'text');
  if (words.trim() === '') throw invalid('text', 'Необходимо заполнить текст сообщения.');
  const options = readSendOptions(group(params, 'params'), world.clock.now(), settings());
  const sent = options.shorten ? shortenLinks(words, world.random) : words;
  account.checkBalance([sent]);
  await request.pass('before-effect');
  const data = world.store.transaction(() => {
    const campaign = account.create({
      type: '1',
      name: options.name,
      text: sent,
      askedFrom: text(params, 'from') ?? null,
      deferredTo: options.deferredTo,
      validityMinutes: options.validityMinutes,
      mclass: options.mclass,
      rateLimit: null,
      ratePeriod: null,
    });
    const message = account.addMessage(campaign, to, sent);
    // `status` is a real number here, the ids are strings.
    return { campaignId: campaign.id, messageId: message.id, status: account.send(campaign.id) };
  });
  await request.pass('after-effect');
  return { code: 0, data };
};

/** Digits only, 10 to 15 of them; a number of Kazakhstan or Russia has 11. Throws code 1. */
export function checkNumber(given: string, settings: MobizonSettings): string {
  if (!isInternational(given)) {
    throw invalid('recipient', 'Укажите номер получателя в международном формате, только цифры.');
  }
  if (settings.stopList.includes(given))
    throw invalid('recipient', 'Номер находится в стоп-листе.');
  return given;
}

/** Whether the service would take it for an international number. */
export function isInternational(number: string): boolean {
  return /^[1-9]\d{9,14}$/.test(number) && (!number.startsWith('7') || number.length === 11);
}

type SendOptions = {
  name: string;
  deferredTo: number | null;
  validityMinutes: number;
  mclass: string;
  shorten: boolean;
};

/** The options that sending and creating a campaign have in common. Throws code 1 for a bad one. */
export function readSendOptions(
  given: Params,
  now: number,
  settings: MobizonSettings,
): SendOptions {
  const name = text(given, 'name') ?? '';
  if (name.length > 255) throw invalid('name', 'Название не должно превышать 255 символов.');
  const validity = Number(text(given, 'validity') ?? 1440);
  if (!Number.isInteger(validity) || validity < 60 || validity > 1440) {
    throw invalid('validity', 'Срок жизни сообщения должен быть от 60 до 1440 минут.');
  }
  const mclass = text(given, 'mclass') ?? '1';
  if (mclass !== '0' && mclass !== '1') throw invalid('mclass', 'Неверный класс сообщения.');
  return {
    name,
    deferredTo: readDeferred(text(given, 'deferredToTs'), now, settings),
    validityMinutes: validity,
    mclass,
    shorten: text(given, 'shortenLinks') === '1',
  };
}

function readDeferred(
  given: string | undefined,
  now: number,
  settings: MobizonSettings,
): number | null {
  if (given === undefined || given === '') return null;
  const at = parseTimestamp(given, settings.timeZone);
  if (at === null) throw invalid('deferredToTs', 'Неверный формат даты.');
  if (at < now + HOUR_MS || at > now + 14 * 24 * HOUR_MS) {
    throw invalid('deferredToTs', 'Время отправки должно быть от 1 часа до 14 дней вперёд.');
  }
  return at;
}

function shortenLinks(words: string, random: MobizonParts['world']['random']): string {
  return words.replace(
    /https?:\/\/\S+/g,
    () => `https://mbz.kz/${random.text(6, 'abcdefghkmnpqrstuvwxyz23456789')}`,
  );
}

/** `message/list`: the newest rows can be missing for a while, which is what makes reconciliation hard. */
export const listMessages: Method = (params, { account, settings, world }) => {
  const criteria = group(params, 'criteria');
  const { indexLagMs, hideNewestMessages, timeZone } = settings();
  const now = world.clock.now();
  const indexed = account.sms
    .all()
    .filter((each) => now - each.createdAt >= indexLagMs)
    .slice(0, hideNewestMessages === 0 ? undefined : -hideNewestMessages);
  const found = indexed.filter((each) => fits(each, criteria, account, timeZone));
  const rows = found.map((each) => listRow(each, timeZone, text(params, 'withNumberInfo') === '1'));
  const { items, total } = page(sortRows(rows, group(params, 'sort'), MESSAGE_SORTS), params);
  return { code: 0, data: { items, totalItemCount: String(total) } };
};

const MESSAGE_SORTS = [
  'campaignId',
  'from',
  'to',
  'text',
  'status',
  'startSendTs',
  'statusUpdateTs',
  'segNum',
];

function fits(
  sms: Sms,
  criteria: Params,
  account: MobizonParts['account'],
  timeZone: string,
): boolean {
  const campaign = account.campaigns.get(sms.campaignId);
  const is = (name: string, value: string | undefined) =>
    text(criteria, name) === undefined || text(criteria, name) === value;
  const within = (name: string, at: number | null | undefined) => {
    const [from, to] = [text(criteria, `${name}From`), text(criteria, `${name}To`)];
    if (from === undefined && to === undefined) return true;
    return at !== null && at !== undefined && isWithin(at, timeZone, from, to);
  };
  const campaignIds = list(criteria, 'campaignIds') ?? list(criteria, 'campaignId');
  return (
    sms.to.includes(text(criteria, 'to') ?? '') &&
    is('text', sms.text) &&
    is('from', sms.from) &&
    is('status', sms.status) &&
    is('campaignStatus', campaign?.status) &&
    (campaignIds === undefined || campaignIds.includes(sms.campaignId)) &&
    within('campaignCreateTs', campaign?.createdAt) &&
    within('campaignSentTs', campaign?.sentAt) &&
    within('startSendTs', sms.startedAt) &&
    within('statusUpdateTs', sms.statusAt)
  );
}

function listRow(sms: Sms, timeZone: string, withNumberInfo: boolean): Record<string, unknown> {
  return {
    id: sms.id,
    campaignId: sms.campaignId,
    segNum: String(sms.segments),
    segUserBuy: formatMoney(sms.segments === 0 ? 0 : sms.cost / sms.segments),
    from: sms.from,
    to: sms.to,
    text: sms.text,
    status: sms.status,
    groups: '',
    uuid: sms.uuid,
    ...(withNumberInfo && { countryA2: 'KZ', operatorName: 'Kcell' }),
    startSendTs: sms.startedAt === null ? '' : formatTimestamp(sms.startedAt, timeZone),
    statusUpdateTs: formatTimestamp(sms.statusAt, timeZone),
  };
}

/** `message/getSMSStatus`: a bare list of strings; ids it does not know are left out in silence. */
export const getSmsStatus: Method = (params, { account, settings }) => {
  const ids = list(params, 'ids')?.filter((id) => id !== '') ?? [];
  if (ids.length === 0) throw new MobizonError(2);
  if (ids.length > MOST_IDS) throw new MobizonError(12);
  const { timeZone, omitFromStatus } = settings();
  const data = ids.slice(omitFromStatus).flatMap((id) => {
    const sms = typeof id === 'string' ? account.sms.get(id) : undefined;
    if (sms === undefined) return [];
    return [
      {
        id: sms.id,
        status: sms.status,
        segNum: String(sms.segments),
        startSendTs: sms.startedAt === null ? '' : formatTimestamp(sms.startedAt, timeZone),
        statusUpdateTs: formatTimestamp(sms.statusAt, timeZone),
      },
    ];
  });
  return { code: 0, data };
};
