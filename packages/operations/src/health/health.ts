/**
 * How everything stands, for the console, the terminal and whoever is on duty: what is wrong, what it means for people
 * and what to do, in Russian. Looks only; each part answers within seconds, also when another one is away.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { toError } from '@leadwire/shared/errors';
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { judgeBroker, lookAtBroker } from './broker.ts';
import { countedRu, type HealthFinding, type HealthState } from './finding.ts';
import { judgeProviders, type ProviderFacts } from './providers.ts';
import { lookAtRows } from './rows.ts';
import { judgeAlerts } from './standing-alerts.ts';
import { lookAtStaff } from './staff.ts';
import { lookAtServices, type ServiceAddress } from './services.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Somebody is asked again within this time while it stands (coordination/alerts.ts reminds every hour). */
const ALERT_STANDS_MS = DAY_MS;
/** Calls are told apart after reading; more than this an hour are looked at in part. */
const MOST_CALLS = 20_000;

export interface HealthPorts {
  bus: Bus;
  /** The landing project; left out, what is known from it alone is `unknown`. */
  database?: Pick<Database, 'call'> | undefined;
  services?: readonly ServiceAddress[];
  now?: () => Date;
}

export interface Health {
  /** ISO 8601. */
  at: string;
  /** The worst of the findings: `broken`, `warning` or `ok`. */
  state: HealthState;
  /** One Russian sentence: that all works, or what does not. */
  headline: string;
  /** What is wrong first. */
  findings: HealthFinding[];
}

const ORDER: readonly HealthState[] = ['broken', 'warning', 'unknown', 'ok', 'off'];

/** Never throws: what could not be found out is a finding of its own. */
export async function health(ports: HealthPorts): Promise<Health> {
  const { bus, services = [], now = () => new Date() } = ports;
  const at = now();
  const parts = await Promise.all([
    lookAtServices(services),
    examined('broker', 'Очередь заявок (NATS)', async () => judgeBroker(await lookAtBroker(bus))),
    examined('providers', 'Внешние сервисы', async () =>
      judgeProviders(await readProviderFacts(bus, at), at),
    ),
    examined('staff', 'Сотрудники в других базах', () => lookAtStaff(bus)),
    examined('alerts', 'Предупреждения', async () => judgeAlerts(await readAlerts(bus, at))),
    examined('dead_letters', 'Не удалось обработать', () => lookAtDeadLetters(bus)),
    examined('database', 'База данных', () => lookAtRows(ports.database, at)),
  ]);
  const findings = parts.flat().sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  return { at: at.toISOString(), ...summed(findings), findings };
}

function summed(findings: readonly HealthFinding[]): Pick<Health, 'state' | 'headline'> {
  const wrong = findings.filter(({ state }) => state === 'broken' || state === 'warning');
  const [worst, ...others] = wrong;
  if (!worst) return { state: 'ok', headline: 'Всё работает' };
  const more =
    others.length === 0
      ? ''
      : `; и ещё ${countedRu(others.length, ['замечание', 'замечания', 'замечаний'])}`;
  return { state: worst.state, headline: `${worst.title}: ${worst.text}${more}` };
}

async function examined(
  part: string,
  title: string,
  look: () => Promise<HealthFinding[]>,
): Promise<HealthFinding[]> {
  try {
    return await look();
  } catch (thrown) {
    return [
      {
        part,
        title,
        state: 'broken',
        text: `не отвечает: ${toError(thrown).message}`,
        meaning: 'Заявки принимаются и ждут; остальное продолжится, когда связь вернётся',
        remedy: 'Проверьте, запущена ли эта часть и верны ли её адрес и ключ в настройках',
      },
    ];
  }
}

async function readProviderFacts(bus: Bus, now: Date): Promise<ProviderFacts> {
  const calls: ProviderFacts['calls'][number][] = [];
  for await (const { json } of readStream(bus, 'CALLS', {
    since: new Date(now.getTime() - HOUR_MS),
  })) {
    const call = eventSchemas['provider.called.v1'].safeParse(json).data?.data;
    if (call) calls.push(call);
    if (calls.length > MOST_CALLS) break;
  }
  const [pausedUntil, raised] = await Promise.all([readPauses(bus), readAlerts(bus, now)]);
  return { calls, pausedUntil, raised };
}

const pauseSchema = z.object({ pausedUntil: z.number() });

async function readPauses(bus: Bus): Promise<Map<string, number>> {
  const pauses = new Map<string, number>();
  // One token: an account. Longer keys are people's counters, of which there are many.
  const accounts = { subject: '$KV.limits.*' };
  for await (const { subject, json } of readStream(bus, 'KV_limits', accounts)) {
    const until = pauseSchema.safeParse(json).data?.pausedUntil;
    if (until !== undefined) pauses.set(subject.split('.').at(-1) ?? '', until);
  }
  return pauses;
}

/** The newest alert of each kind, where it does not say that it is over. @throws TransientError */
export async function readAlerts(bus: Bus, now: Date): Promise<ProviderFacts['raised']> {
  const since = new Date(now.getTime() - ALERT_STANDS_MS);
  const raised = new Map<string, { message: string; at: string }>();
  for await (const { json } of readStream(bus, 'ALERTS', {
    since,
    subject: subjects.alert('*', '*'),
  })) {
    const alert = eventSchemas['alert.raised.v1'].safeParse(json).data?.data;
    if (!alert) continue;
    const { what, message, at, state } = alert;
    if (state === 'resolved') raised.delete(what);
    // It stands since it was told first.
    else raised.set(what, { message, at: raised.get(what)?.at ?? at });
  }
  return raised;
}

async function lookAtDeadLetters(bus: Bus): Promise<HealthFinding[]> {
  const { state } = await (await bus.manager()).streams.info('DEAD_LETTERS');
  const about = { part: 'dead_letters', title: 'Не удалось обработать' };
  const { messages } = state;
  if (messages === 0) return [{ ...about, state: 'ok', text: 'всё обработано' }];
  return [
    {
      ...about,
      state: 'warning',
      text: `${countedRu(messages, ['сообщение ждёт', 'сообщения ждут', 'сообщений ждут'])} решения`,
      meaning: 'Эти письма, SMS или сделки сами не уйдут',
      remedy: 'Откройте «Проблемы»: исправьте причину и повторите',
      command: 'dead list',
    },
  ];
}
