/** The broker: whether all that the services need is there, and whether somebody works on what waits. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { consumers, type ConsumerName } from '@leadwire/shared/contract/consumers';
import { streams } from '@leadwire/shared/contract/topology';
import { countedRu, type HealthFinding } from './finding.ts';

export interface BrokerLook {
  version: string;
  /** `stream LEADS`, `consumer crm-sync`. */
  missing: string[];
  /** Durables with work that nobody takes, and how much. */
  abandoned: { durable: ConsumerName; waiting: number }[];
}

/** @throws TransientError when the broker does not answer. */
export async function lookAtBroker(bus: Bus): Promise<BrokerLook> {
  const manager = await bus.manager();
  const missing: string[] = [];
  const abandoned: BrokerLook['abandoned'] = [];
  for (const name of Object.keys(streams)) {
    await manager.streams.info(name).catch(() => missing.push(`stream ${name}`));
  }
  for (const durable of Object.keys(consumers) as ConsumerName[]) {
    const info = await manager.consumers
      .info(consumers[durable].stream, durable)
      .catch(() => undefined);
    if (!info) missing.push(`consumer ${durable}`);
    // Whoever works has a request open, or messages in hand.
    else if (info.num_pending > 0 && info.num_waiting === 0 && info.num_ack_pending === 0) {
      abandoned.push({ durable, waiting: info.num_pending });
    }
  }
  return { version: bus.connection().info?.version ?? '?', missing, abandoned };
}

export function judgeBroker({ version, missing, abandoned }: BrokerLook): HealthFinding[] {
  const about = { part: 'broker', title: 'Очередь заявок (NATS)' };
  if (missing.length > 0) {
    return [
      {
        ...about,
        state: 'broken',
        text: `не хватает: ${missing.join(', ')}`,
        meaning: 'Часть работы не делается, заявки при этом сохраняются',
        remedy: 'Выполните leadwire topology apply от имени администратора',
      },
    ];
  }
  const broker: HealthFinding = { ...about, state: 'ok', text: `работает, версия ${version}` };
  return [broker, ...abandoned.map(judgeAbandoned)];
}

const SERVICES: readonly [prefix: string, service: string, meaning: string][] = [
  ['notifier', 'notifier', 'Письма и SMS не отправляются'],
  ['lead-store', 'lead-store', 'Новые заявки и статусы не появляются в таблицах и консоли'],
  ['tripwire', 'lead-store', 'Вторая таблица заявок отстаёт'],
  ['crm', 'crm-sync', 'Заявки не становятся сделками'],
  ['telegram', 'telegram-relay', 'Telegram молчит'],
  ['identity', 'identity-sync', 'Новые сотрудники и отключения не доходят до других баз'],
  ['mailer', 'mailer-batch', 'Рассылки стоят или не знают, что стало с письмами'],
  ['sequence', 'mailer-batch', 'Цепочки писем стоят'],
  ['referrals', 'referrals', 'Продажи партнёров не учитываются'],
];

/** Of all who work at the broker. */
export const SERVICE_NAMES: readonly string[] = [
  ...new Set(SERVICES.map(([, service]) => service)),
];

/** Who works on it, and what does not happen without them. */
function serviceOf(durable: string): { service: string; meaning: string } {
  const [, service = durable, meaning = 'Работа ждёт'] =
    SERVICES.find(([prefix]) => durable.startsWith(prefix)) ?? [];
  return { service, meaning };
}

/** Services that take nothing of what waits for them, each with a sentence of what that means for people. */
export function goneServices({ abandoned }: Pick<BrokerLook, 'abandoned'>): Map<string, string> {
  const gone = new Map<string, string>();
  for (const { service, meaning } of abandoned.map(({ durable }) => serviceOf(durable))) {
    if (!gone.has(service)) gone.set(service, meaning);
  }
  return gone;
}

function judgeAbandoned({ durable, waiting }: BrokerLook['abandoned'][number]): HealthFinding {
  const { service, meaning } = serviceOf(durable);
  return {
    part: `work:${durable}`,
    title: `Работа для ${service}`,
    state: 'broken',
    text: `${countedRu(waiting, ['сообщение ждёт', 'сообщения ждут', 'сообщений ждут'])}, никто их не берёт`,
    meaning: `${meaning}; ничего не потеряно`,
    remedy: `Запустите сервис ${service}`,
  };
}
