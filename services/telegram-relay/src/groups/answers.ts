/** What the bots answer in groups: Russian, Telegram's HTML, each with what to do next. */
import type { LeadKind } from '@leadwire/shared/contract/events';
import type { CodeUse } from '@leadwire/shared/delivery/telegram-codes';
import type { GroupBot, TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { escapeHtml } from '@leadwire/shared/runtime/html';
import { GENERAL_CLOSED } from './chat-errors.ts';
import { ownCommand } from '@leadwire/shared/runtime/own-command';

/** What a person writes after the code, and the kinds of leads that it means; none means every kind. */
export const KIND_WORDS: Readonly<Record<string, readonly LeadKind[]>> = {
  test: ['proftest'],
  тест: ['proftest'],
  course: ['purchase'],
  курс: ['purchase'],
  request: ['request'],
  заявка: ['request'],
  all: [],
  все: [],
  всё: [],
};

/** The menu that Telegram shows for "/". */
export const MENU: Readonly<Record<GroupBot, readonly (readonly [string, string])[]>> = {
  leads: [
    ['activate', 'подключить группу: /activate КОД [test|course|request|all]'],
    ['status', 'подключена ли группа'],
    ['today', 'сколько заявок сегодня'],
    ['find', 'найти человека: /find ТЕЛЕФОН'],
    ['deactivate', 'отключить группу'],
    ['start', 'что я умею'],
  ],
  admin: [
    ['activate', 'подключить группу: /activate КОД'],
    ['status', 'подключена ли группа'],
    ['today', 'сколько заявок сегодня'],
    ['deactivate', 'отключить группу'],
    ['start', 'что я умею'],
  ],
};

const TASK: Readonly<Record<GroupBot, string>> = {
  leads: 'Я присылаю в группу каждую новую заявку с лендингов.',
  admin: 'Я сообщаю, если в работе системы нужен человек: остановился канал, не уходят сообщения.',
};

const HOW: Readonly<Record<GroupBot, string>> = {
  leads:
    'Чтобы подключить эту группу, отправьте здесь\n<code>/activate КОД</code>\n' +
    'После кода можно указать, какие заявки нужны: <code>test</code> (профтест), <code>course</code> (покупка курса), <code>request</code> (другие формы), <code>all</code> (все).',
  admin: 'Чтобы подключить эту группу, отправьте здесь\n<code>/activate КОД</code>',
};

const WHERE_FROM = `Одноразовый код даёт администратор: <code>${ownCommand('telegram code')}</code>`;

export function greeting(bot: GroupBot): string {
  const from = bot === 'leads' ? WHERE_FROM : WHERE_FROM.replace('code</', 'code --bot admin</');
  return `Здравствуйте! ${TASK[bot]}\n\n${HOW[bot]}\n${from}`;
}

export function onlyInGroups(bot: GroupBot): string {
  return `Здравствуйте! ${TASK[bot]}\n\nЯ работаю в группах: добавьте меня в группу, и я подскажу, что дальше.`;
}

export function kindsInWords({ bot, leadKinds }: Pick<TelegramGroup, 'bot' | 'leadKinds'>): string {
  if (bot === 'admin') return 'предупреждения системы';
  const words = {
    proftest: 'заявки профтеста',
    purchase: 'покупки курса',
    request: 'заявки с других форм',
  };
  return leadKinds.length === 0 ? 'все заявки' : leadKinds.map((kind) => words[kind]).join(', ');
}

export function activated(group: TelegramGroup): string {
  return (
    `Готово! Группа «${escapeHtml(group.title)}» подключена: сюда приходят ${kindsInWords(group)}.\n` +
    'Проверить: /status, отключить: /deactivate'
  );
}

export const codeNeeded =
  'Нужен код: <code>/activate КОД</code>\nПосле кода можно написать test, course, request или all.\n' +
  WHERE_FROM;

export function unclear(word: string): string {
  return (
    `Не понимаю «${escapeHtml(word)}». Отправьте <code>/activate КОД</code>, ` +
    'а после кода, если нужно, одно из слов: test, course, request, all.'
  );
}

const CODE_PROBLEMS: Readonly<Record<Exclude<CodeUse['kind'], 'taken'>, string>> = {
  unknown: 'Такого кода нет. Проверьте, пожалуйста, что он скопирован целиком.',
  used: 'Этот код уже использован: каждый действует один раз. Попросите, пожалуйста, новый.',
  expired: 'Срок этого кода вышел: он действует семь дней. Попросите, пожалуйста, новый.',
  elsewhere: 'Этот код не для этого бота. Попросите, пожалуйста, код для меня.',
};

/** Why a code was not taken, and whether the group is on all the same. */
export function codeRefused(
  kind: Exclude<CodeUse['kind'], 'taken'>,
  group: TelegramGroup | undefined,
): string {
  const isOn = group !== undefined && group.state !== 'deactivated';
  const still = isOn ? '\nГруппа остаётся подключённой, ничего не изменилось.' : `\n${WHERE_FROM}`;
  return CODE_PROBLEMS[kind] + still;
}

export const administratorsOnly =
  'Подключать и отключать группу и выбирать заявки могут её администраторы. Попросите, пожалуйста, одного из них.';
export const cannotCheck =
  'Telegram не говорит мне, кто здесь администратор. Сделайте, пожалуйста, меня администратором группы и отправьте команду ещё раз.';
export const notOurGroup = 'Эта группа не подключена.';
export const membersOnly = 'Кнопка работает только для участников этой группы.';

export const switchedOff =
  'Группа отключена, больше ничего не пришлю.\nПодключить снова: /activate (код уже не нужен)';
export const alreadyOff = 'Группа и так не подключена. Подключить: <code>/activate КОД</code>';

export function status(group: TelegramGroup | undefined, bot: GroupBot, timeZone: string): string {
  if (group === undefined) return `Группа не подключена.\n\n${HOW[bot]}`;
  const since = new Date(group.activatedAt).toLocaleDateString('ru-RU', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone,
  });
  switch (group.state) {
    case 'active':
      return `Группа подключена с ${since}: сюда приходят ${kindsInWords(group)}.\nСколько сегодня: /today`;
    case 'paused':
      return `Группа подключена, но ${pausedInWords(group.stateReason)} Пробую снова каждые несколько минут; заявки ждут и придут сами.`;
    case 'deactivated':
      return group.stateReason === 'by_command'
        ? 'Группа отключена командой. Подключить снова: /activate (код не нужен)'
        : `Группа отключена.\n\n${HOW[bot]}`;
  }
}

/** Why a group is paused, and what to do about it. */
export function pausedInWords(reason: string | undefined): string {
  return reason === GENERAL_CLOSED
    ? 'тема General закрыта, а заявки приходят в неё. Откройте её или отправьте /activate в другой теме.'
    : 'у бота нет права писать сюда. Верните ему право отправлять сообщения.';
}

/** Why a group was switched off without anybody asking for it: Telegram's words, as one token. */
export function goneInWords(reason: string): string {
  if (reason === 'removed' || /kicked|not_a_member/.test(reason)) return 'бота удалили из группы';
  if (/not_found|deactivated|deleted|upgraded/.test(reason))
    return 'такой группы в Telegram больше нет';
  return `Telegram не пускает туда бота (${reason.replaceAll('_', ' ')})`;
}

export const activateFirst =
  'Это видно только в подключённых группах. Подключить: <code>/activate КОД</code>';

export function unknownCommand(bot: GroupBot): string {
  const all = MENU[bot].map(([name, what]) => `/${name}: ${what}`);
  return `Такой команды я не знаю. Вот что умею:\n${all.join('\n')}`;
}

export const staffTied =
  'Готово: теперь я знаю вас. Нажмите под заявкой «Взять в работу», и её сделка в AmoCRM станет вашей.';
export const staffLinkRefused =
  'Эта ссылка уже не действует: каждая открывается один раз, в течение семи дней. Новая: консоль → ваше имя → «Привязать Telegram».';
