/** Whether the services answer, each asked at its /readyz. */
import { z } from 'zod';
import type { HealthFinding } from './finding.ts';

const TIMEOUT_MS = 3_000;

export interface ServiceAddress {
  /** As it is called everywhere: `notifier`. */
  name: string;
  /** Without a slash at its end. */
  url: string;
}

const MEANINGS: Readonly<Record<string, string>> = {
  'landing-api': 'Формы не принимают заявки, посетители видят ошибку',
  notifier: 'Письма и SMS ждут',
  'crm-sync': 'Заявки не становятся сделками',
  'telegram-relay': 'Telegram молчит',
  'lead-store': 'Новые заявки и статусы не появляются в таблицах и консоли',
  'mailer-batch': 'Рассылки стоят',
  console: 'Консоль не открывается',
};

const problemSchema = z.object({ problem: z.string() });

/** One finding for each; never throws. */
export function lookAtServices(services: readonly ServiceAddress[]): Promise<HealthFinding[]> {
  return Promise.all(services.map(look));
}

async function look({ name, url }: ServiceAddress): Promise<HealthFinding> {
  const about = { part: `service:${name}`, title: `Сервис ${name}` };
  const meaning = MEANINGS[name] ?? 'Часть работы ждёт';
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.ok) return { ...about, state: 'ok', text: 'работает' };
    const body: unknown = await answer.json().catch(() => undefined);
    const why = problemSchema.safeParse(body).data?.problem ?? `ответ ${answer.status}`;
    return {
      ...about,
      state: 'warning',
      text: `запущен, но не готов: ${why}`,
      meaning,
      remedy: 'Почините названную причину: сервис продолжит сам',
    };
  } catch {
    const remedy = `Запустите его: docker compose up --detach ${name}, или npm start`;
    return { ...about, state: 'broken', text: 'не отвечает', meaning, remedy };
  }
}
