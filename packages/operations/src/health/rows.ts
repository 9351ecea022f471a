/** What the read model says: whether leads are missing, and what waits for somebody. */
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { countedRu, type HealthFinding } from './finding.ts';
import { WEEKS, judgeSilence } from './silence.ts';

const DAY_MS = 24 * 3_600_000;

const rowsSchema = z.object({
  hours: z.array(z.tuple([z.number(), z.number()])),
  newest: z.string().nullable(),
  oldest: z.string().nullable(),
  quarantined: z.number(),
  unknown: z.number(),
});

/** @throws as `Database`. */
export async function lookAtRows(
  database: Pick<Database, 'call'> | undefined,
  now: Date,
): Promise<HealthFinding[]> {
  const about = { part: 'database', title: 'База данных' };
  if (!database) {
    return [{ ...about, state: 'unknown', text: 'не проверяли: нет адреса и ключа базы' }];
  }
  const args = {
    since: new Date(now.getTime() - (WEEKS + 1) * 7 * DAY_MS).toISOString(),
    lately: new Date(now.getTime() - DAY_MS).toISOString(),
  };
  const rows = await database.call('leadwire_lead_pace', args, rowsSchema);
  return [
    { ...about, state: 'ok', text: 'отвечает' },
    judgeSilence(rows, now),
    ...judgeHeld(rows.quarantined),
    ...judgeUnknown(rows.unknown),
  ];
}

function judgeHeld(leads: number): HealthFinding[] {
  if (leads === 0) return [];
  return [
    {
      part: 'quarantined',
      title: 'Задержанные заявки',
      state: 'warning',
      text: `за сутки ${countedRu(leads, ['заявка задержана', 'заявки задержаны', 'заявок задержано'])}`,
      meaning: 'Им ничего не отправлено и сделок нет: похоже на спам или наплыв',
      remedy: 'Откройте «Проблемы» и пропустите настоящие',
      command: 'leads list --state quarantined',
    },
  ];
}

function judgeUnknown(messages: number): HealthFinding[] {
  if (messages === 0) return [];
  return [
    {
      part: 'unknown',
      title: 'Неизвестно, дошло ли',
      state: 'warning',
      text: `за сутки ${countedRu(messages, ['сообщение', 'сообщения', 'сообщений'])}: сервис не сказал, отправил ли`,
      meaning: 'Человек мог получить сообщение, а мог и нет',
      remedy:
        'Решите по каждому: leadwire leads list --state unknown, затем leads retry --unknown-too',
    },
  ];
}
