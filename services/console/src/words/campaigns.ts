/** How campaigns are said: where one stands, why somebody is left out, what was refused. */
import type { CampaignView, TemplateView } from '@leadwire/operations/campaigns/campaign-view';
import type { Status } from './status.ts';

const STATUSES: Readonly<Record<string, Status>> = {
  draft: { tone: 'mute', icon: 'mail', word: 'Черновик' },
  scheduled: { tone: 'wait', icon: 'clock-3', word: 'Запланирована' },
  running: { tone: 'wait', icon: 'loader-circle', word: 'Идёт' },
  paused: { tone: 'warn', icon: 'pause', word: 'Пауза' },
  cancelled: { tone: 'mute', icon: 'ban', word: 'Отменена' },
  finished: { tone: 'good', icon: 'circle-check', word: 'Закончена' },
};

const PAUSES: Readonly<Record<string, string>> = {
  by_hand: 'остановил человек',
  too_many_bounces: 'слишком много писем вернулось',
  too_many_errors: 'слишком много не ушло',
  provider_stopped: 'сервис отправки отказывает: ключ, счёт или баланс',
  cannot_render: 'не получилось составить текст',
};

export function campaignStatus({ status, pauseReason }: CampaignView): Status {
  const known = STATUSES[status] ?? { tone: 'mute', icon: 'circle-minus', word: status };
  const why = status === 'paused' ? (PAUSES[pauseReason ?? ''] ?? pauseReason) : null;
  return why ? { ...known, why } : known;
}

export const channelWord = (channel: CampaignView['channel']) =>
  channel === 'sms' ? 'SMS' : 'письмо';

/** The product's own texts for campaigns. */
const BUILT_IN: Readonly<Record<string, string>> = {
  'stream-moved': 'Эфир перенесён (встроенный)',
};

/** What a text is called where it is chosen. */
export const textTitle = ({ name, own }: TemplateView): string =>
  own?.title ?? BUILT_IN[name] ?? name;

/** «Алматы» of `Asia/Almaty`. */
const ZONES: Readonly<Record<string, string>> = { 'Asia/Almaty': 'Алматы' };
export const zoneWord = (timeZone: string): string => ZONES[timeZone] ?? timeZone;

/** How fast a campaign may go; a field of the draft and of one that runs. */
export const paceLabel = 'Не быстрее стольких отправок в секунду; пусто: самый быстрый темп';

/** Why somebody of a list is not written to. */
export const leftOutWords: Readonly<Record<string, string>> = {
  contact_missing: 'нет адреса или телефона',
  contact_invalid: 'такого адреса или телефона не бывает',
  phone_rounded: 'таблица округлила телефон',
  phone_cut_by_mask: 'в телефоне не хватает последней цифры',
  sms_not_allowed: 'номер другой страны или не мобильный',
  duplicate: 'повтор в списке',
  excluded_by_campaign: 'исключены из этой рассылки',
  excluded_standing: 'сотрудники и тестовые адреса',
  unsubscribed: 'отписались',
  bounced: 'адрес раньше не принял письмо',
  complained: 'жаловались на спам',
  suppressed: 'закрыты вручную',
  topic_already_sent: 'уже получили эту тему',
};

/** What variables of the templates are called; one that is not here is shown by its name. */
export const variableWords: Readonly<Record<string, string>> = {
  stream: 'Название эфира',
  newDate: 'Новое время',
  oldDate: 'Прежнее время',
  reason: 'Почему',
  steps: 'Что сделать, каждый шаг с новой строки',
  link: 'Ссылка кнопки',
  button: 'Надпись на кнопке',
};

export const fieldWords: Readonly<Record<string, string>> = {
  source: 'Источник',
  kind: 'Вид заявки',
  campaign: 'Страница',
  utm_source: 'utm_source',
  utm_medium: 'utm_medium',
  utm_campaign: 'utm_campaign',
  utm_content: 'utm_content',
  utm_term: 'utm_term',
  payment_method: 'Способ оплаты',
  stage: 'Этап сделки',
  lead_at: 'Дата заявки',
  bought: 'Покупал(а)',
  product: 'Купленный продукт',
  bought_at: 'Дата покупки',
  campaign_sent: 'Получил(а) рассылку',
  campaign_opened: 'Открыл(а) рассылку',
  campaign_clicked: 'Перешёл(ла) по рассылке',
};

/** mailer-batch's refusals, in words for whoever pressed the button; the first that fits. */
const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /somebody has changed the draft/,
    'Черновик только что изменил кто-то другой, и ваша правка не сохранена. Ниже то, что есть сейчас.',
  ],
  [
    /somebody has changed the segment/,
    'Сегмент только что изменил кто-то другой. Ниже то, что есть сейчас.',
  ],
  [/was changed at this moment/, 'Черновик изменился прямо сейчас. Проверьте его ещё раз.'],
  [/the audience has (\d+) people/, 'Сейчас в списке $1. Проверьте список и напишите это число.'],
  [/segment has nobody/, 'В сегменте нет никого, кому можно написать. Ослабьте условия.'],
  [/nobody to write to/, 'Писать некому: выберите, кому.'],
  [/begin in the past/, 'Это время уже прошло.'],
  [/comes too late/, 'К этому времени то, о чём письмо, уже пройдёт.'],
  [/variables do not fit|variables are missing/, 'Текст заполнен не весь.'],
  [
    /(one row|\d+ rows) of the list cannot be used/,
    'Список не взят целиком: исправьте строки и загрузите его снова.',
  ],
  [/SMS are off/, 'SMS выключены в настройках сервера.'],
  [/name is taken/, 'Сегмент с таким названием уже есть.'],
  [/too few people to try/, 'Для пробы двух вариантов людей слишком мало.'],
  [/two subjects are the same/, 'Темы одинаковые.'],
  [/two texts are the same/, 'Тексты одинаковые.'],
  [
    /the text cannot be sent as it is/,
    'Этот текст пока нельзя отправить: откройте его в «Текстах» и посмотрите проверку.',
  ],
  [/not every address can be used/, 'Не все адреса подходят.'],
  [
    /it cannot|only drafts|not while|frozen/,
    'Рассылка уже в другом состоянии: посмотрите, что с ней сейчас.',
  ],
  [/does not answer|ADMIN_TOKEN/, 'Служба рассылок не отвечает или не подключена.'],
];

/** The first line is ours, the lines under it name what is wrong with what. */
export function refusalWords(message: string): string[] {
  const [first = '', ...lines] = message.split('\n');
  const known = REFUSALS.find(([pattern]) => pattern.test(first));
  const said = known
    ? known[1].replace('$1', known[0].exec(first)?.[1] ?? '')
    : `Не получилось: ${first}`;
  // A check of the text begins with its token, which is for programs.
  return [said, ...lines.map((line) => line.trim().replace(/^[a-z_.]+: (?=\p{L})/u, ''))];
}
