/** The button under an alert about held leads: lets them out, once, whoever presses it and how often. */
import { quarantineReasons, type Alert } from '@leadwire/shared/contract/alert-facts';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Log } from '@leadwire/shared/runtime/log';
import { releaseLeads } from '@leadwire/operations/leads/release';
import { clean, cut } from '../bot/html.ts';
import type { Button } from '../bot/pace.ts';
import type { Press } from '../bot/update.ts';
import type { PressReply } from '../groups/group-commands.ts';
import { clockIn } from '../russian-words.ts';

/** `release:<reason or any>:<seconds since 1970>`, and `released:…` once it has done so. */
const RELEASE = /^released?:([a-z]+):(\d{1,12})$/;
const DONE = 'released:';
/**
 * Held leads of which nothing more comes for a day end their alert (landing-api), and what comes later has one of its own:
 * whoever finds the button of an old alert does not let out what nobody has looked at.
 */
const OF_THE_ALERT_MS = 24 * 60 * 60_000;
const LONGEST_NAME = 24;
const NOTHING_LEFT =
  'Это предупреждение закрыто: здесь уже нечего выпускать, его заявки отпущены раньше. О новых придёт новое предупреждение.';

/** The button for an alert that names what can be let out. */
export function releaseButton({ release }: Pick<Alert, 'release'>): Button | undefined {
  if (!release) return undefined;
  const seconds = Math.floor(Date.parse(release.since) / 1_000);
  return { text: 'Выпустить заявки', data: `release:${release.reason ?? 'any'}:${seconds}` };
}

export interface ReleasePorts {
  bus: Bus;
  timeZone: string;
  log: Log;
  now?: () => Date;
}

/** Acts on a press; may be repeated. @throws TransientError when the broker does not answer. */
export function createReleaseHeld({ bus, timeZone, log, now = () => new Date() }: ReleasePorts) {
  return async ({ data, by, buttons }: Press): Promise<PressReply> => {
    const [, named = '', seconds = ''] = RELEASE.exec(data) ?? [];
    const reason = quarantineReasons.find((each) => each === named);
    if (seconds === '' || (reason === undefined && named !== 'any')) {
      return { words: 'Эта кнопка больше не работает.' };
    }
    if (data.startsWith(DONE)) return { words: NOTHING_LEFT };
    const done = data.replace(/^release:/, DONE);
    const since = new Date(Number(seconds) * 1_000);
    const until = new Date(since.getTime() + OF_THE_ALERT_MS);
    const actor = `telegram:${by.userId}`;
    const { released } = await releaseLeads({ bus, actor }, { since, until, reason });
    log.info({ released: released.length, reason }, 'held leads were let out by a button');
    const showing = (text: string) =>
      buttons.map((row) => row.map((each) => (each.data === data ? { text, data: done } : each)));
    if (released.length === 0) return { words: NOTHING_LEFT, buttons: showing('✅ Уже отпущены') };
    const who = cut(clean(by.name), LONGEST_NAME);
    const text = `✅ Выпущено ${released.length}: ${who} · ${clockIn(timeZone, now())}`;
    return {
      words: `Выпущено заявок: ${released.length}. Письма, SMS, сделки и уведомления пошли.`,
      buttons: showing(text),
    };
  };
}
