/**
 * What should be looked at each day, week and month, with what to do about it: `leadwire audit …`. How everything stands
 * at this moment is health's (health.ts); this is what grows unnoticed.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { buckets, streams } from '@leadwire/shared/contract/topology';
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { countedRu, type HealthFinding } from '../health/finding.ts';
import { readStaffSync } from '../staff/staff-sync.ts';

export const rounds = ['daily', 'weekly', 'monthly'] as const;
export type Round = (typeof rounds)[number];

/** As long as rows should be kept (DESIGN: life of data). */
const KEEP_LEADS_DAYS = 730;
const KEEP_LOGS_DAYS = 30;
/** A stream or bucket this full of what it may hold is told. */
const FULL_FROM = 0.7;

const names = z.array(z.string());
export const upkeepSchema = z.object({
  hasDeals: z.boolean(),
  unsynced: z.number(),
  dealless: z.number(),
  conflicts: z.number(),
  unknown: z.number(),
  unattributed: z.number(),
  unpaid: names,
  unprotected: names,
  open: names,
  unindexed: names,
  unused: z.array(z.object({ name: z.string(), bytes: z.number() })),
  tables: z.array(z.object({ name: z.string(), bytes: z.number(), rows: z.number() })),
  oldLeads: z.number(),
  oldLogs: z.number(),
});
export type UpkeepRows = z.infer<typeof upkeepSchema>;

/** A stream of the broker, or a bucket (`KV_…`); `most` is 0 where it has no limit. */
export interface StreamSize {
  name: string;
  bytes: number;
  most: number;
}

/** What of the answer of each database is asked for: `leadwire_upkeep`, or `console_upkeep` with the rights of an owner. */
export type ReadUpkeepRows = (asked: object) => Promise<UpkeepRows>;

/** With the service key of the landing project. @throws as `Database` */
export const upkeepRows =
  (database: Pick<Database, 'call'>): ReadUpkeepRows =>
  (asked) =>
    database.call('leadwire_upkeep', { asked }, upkeepSchema);

/** Everything that was found, by how often it should be looked at. */
export type Upkeep = Record<Round, HealthFinding[]>;

/** @throws what `read` throws, and TransientError when the broker does not answer */
export async function upkeep(
  { bus, read }: { bus: Bus; read: ReadUpkeepRows },
  now: Date,
): Promise<Upkeep> {
  const keep = { keepLeadsDays: KEEP_LEADS_DAYS, keepLogsDays: KEEP_LOGS_DAYS };
  const [rows, streams, elsewhere] = await Promise.all([
    read({ now: now.toISOString(), ...keep }),
    streamSizes(bus),
    unprotectedElsewhere(bus),
  ]);
  return judgeUpkeep({ ...rows, unprotected: [...rows.unprotected, ...elsewhere] }, streams);
}

/** Tables of the other projects, as identity-sync saw them last: `traffic: users`. */
async function unprotectedElsewhere(bus: Bus): Promise<string[]> {
  const { projects } = await readStaffSync(bus);
  return [...projects].flatMap(([name, { unprotected = [] }]) =>
    unprotected.map((table) => `${name}: ${table}`),
  );
}

async function streamSizes(bus: Bus): Promise<StreamSize[]> {
  const manager = await bus.manager();
  const names = [...Object.keys(streams), ...Object.keys(buckets).map((name) => `KV_${name}`)];
  const sizes = await Promise.all(
    names.map(async (name): Promise<StreamSize> => {
      const { config, state } = await manager.streams.info(name);
      return { name, bytes: state.bytes, most: Math.max(0, config.max_bytes) };
    }),
  );
  return sizes.sort((a, b) => b.bytes - a.bytes);
}

/** What was found, as sentences; every check says something, also that nothing is wrong. */
export function judgeUpkeep(rows: UpkeepRows, sizes: readonly StreamSize[]): Upkeep {
  return { daily: daily(rows), weekly: weekly(rows), monthly: monthly(rows, sizes) };
}

/** Those of a round, and of the more frequent ones before it. */
export function findingsOf(found: Upkeep, round: Round): HealthFinding[] {
  return rounds.slice(0, rounds.indexOf(round) + 1).flatMap((each) => found[each]);
}

const LEADS = ['заявка', 'заявки', 'заявок'] as const;
const SALES = ['продажа', 'продажи', 'продаж'] as const;
const ROWS = ['строка', 'строки', 'строк'] as const;

function daily(rows: UpkeepRows): HealthFinding[] {
  const { hasDeals, unsynced, dealless, conflicts, unknown } = rows;
  const deals = { part: 'unsynced', title: 'Заявки без сделки' };
  const students = { part: 'dealless', title: 'Ученики без сделки' };
  const off = (about: { part: string; title: string }): HealthFinding => ({
    ...about,
    state: 'off',
    text: 'сделок нет ни одной: AmoCRM не подключён',
  });
  return [
    hasDeals
      ? judge(deals, unsynced, {
          text: `за 30 дней ${countedRu(unsynced, LEADS)}`,
          meaning: 'Менеджеры не видят этих людей в AmoCRM',
          remedy: 'Решите в консоли, раздел «Проблемы»',
          command: 'leads list --state trouble',
        })
      : off(deals),
    hasDeals
      ? judge(students, dealless, {
          text: countedRu(dealless, ['ученик', 'ученика', 'учеников']),
          meaning: 'Их уроки не двигают сделку',
          remedy: 'Решите в консоли, раздел «Проблемы»; там же причина',
          command: 'dead list --service crm-students',
        })
      : off(students),
    judge({ part: 'conflicts', title: 'Одна почта, разные телефоны' }, conflicts, {
      text: countedRu(conflicts, [
        'адрес ждёт решения',
        'адреса ждут решения',
        'адресов ждут решения',
      ]),
      meaning: 'В отчётах это разные люди, продажа может не попасть к своей рекламе',
      remedy: 'Решите в консоли, раздел «Проблемы»',
    }),
    judge({ part: 'unknown', title: 'Неизвестно, дошло ли' }, unknown, {
      text: `за 7 дней ${countedRu(unknown, ['сообщение', 'сообщения', 'сообщений'])}`,
      meaning: 'Человек мог получить сообщение, а мог и нет',
      remedy: 'Решите по каждому в консоли, раздел «Проблемы»',
    }),
  ];
}

function weekly({ unattributed, unpaid, unprotected, open }: UpkeepRows): HealthFinding[] {
  return [
    judge({ part: 'unattributed', title: 'Продажи без заявки' }, unattributed, {
      text: `за 30 дней ${countedRu(unattributed, SALES)}`,
      meaning: 'Неизвестно, какая реклама их привела',
      remedy: 'Сверьте почту и телефон ученика с заявкой; в отчётах они в строке «Без заявки»',
    }),
    judge({ part: 'unpaid', title: 'Расход на рекламу' }, unpaid.length, {
      text: `за неделю не внесён для: ${unpaid.join(', ')}`,
      meaning: 'CPL и окупаемость этих источников неизвестны',
      remedy: 'Внесите его в консоли: Отчёты → Внести расход',
      command: 'spend import',
    }),
    judge(
      { part: 'unprotected', title: 'Защита строк (RLS)' },
      unprotected.length,
      {
        text: `выключена: ${unprotected.join(', ')}`,
        meaning: 'Данные может прочитать любой, у кого есть публичный ключ',
        remedy: 'Включите: alter table public.<таблица> enable row level security',
      },
      'broken',
    ),
    judge(
      { part: 'open', title: 'Доступ без входа' },
      open.length,
      {
        text: `есть права у посетителей: ${open.join(', ')}`,
        meaning: 'Если защита строк ошибётся, данные увидят все',
        remedy: 'Отзовите: revoke all on public.<таблица> from anon',
      },
      'broken',
    ),
  ];
}

function monthly(rows: UpkeepRows, streams: readonly StreamSize[]): HealthFinding[] {
  const { unindexed, unused, tables, oldLeads, oldLogs } = rows;
  const full = streams.filter(({ bytes, most }) => most > 0 && bytes > most * FULL_FROM);
  return [
    judge({ part: 'unindexed', title: 'Внешние ключи без индекса' }, unindexed.length, {
      text: unindexed.join(', '),
      meaning: 'Запросы по ним станут медленными, когда строк станет много',
      remedy: 'Создайте индекс: create index on public.<таблица> (<столбец>)',
    }),
    judge({ part: 'unused', title: 'Индексы, которыми не пользуются' }, unused.length, {
      text: sizes(unused),
      meaning: 'Занимают место и замедляют запись; счётчик идёт с последнего сброса статистики',
      remedy: 'Если так и через месяц, их можно удалить',
    }),
    { part: 'tables', title: 'Самые большие таблицы', state: 'ok', text: sizes(tables) },
    judge({ part: 'old', title: 'Старые строки' }, oldLeads + oldLogs, {
      text: `заявки старше ${KEEP_LEADS_DAYS} дней: ${countedRu(oldLeads, ROWS)}, журнал вызовов старше ${KEEP_LOGS_DAYS} дней: ${countedRu(oldLogs, ROWS)}`,
      meaning: 'Личные данные хранятся дольше, чем нужно',
      remedy: 'Проверьте, что сроки хранения включены и lead-store работает',
    }),
    judge(
      { part: 'streams', title: 'Хранилище очереди' },
      full.length,
      {
        text: `заполняется: ${sizes(full)}`,
        meaning: 'Когда место кончится, старое удалится или новое не примется',
        remedy: 'Увеличьте max_bytes потока или диск',
      },
      'warning',
      `самое большое: ${sizes(streams.slice(0, 5))}`,
    ),
  ];
}

interface Words {
  text: string;
  meaning: string;
  remedy: string;
  command?: string;
}

function judge(
  about: { part: string; title: string },
  count: number,
  words: Words,
  state: 'warning' | 'broken' = 'warning',
  calm = 'всё в порядке',
): HealthFinding {
  return count === 0 ? { ...about, state: 'ok', text: calm } : { ...about, state, ...words };
}

const MOST_SIZES = 5;
const MEGABYTE = 1024 * 1024;
const decimal = new Intl.NumberFormat('ru', { maximumFractionDigits: 1 });

/** The first few: a wall of names is read by nobody. */
function sizes(things: readonly { name: string; bytes: number }[]): string {
  const some = things.slice(0, MOST_SIZES);
  const words = some.map(({ name, bytes }) => `${name} ${decimal.format(bytes / MEGABYTE)} МБ`);
  const rest = things.length - some.length;
  return words.join(', ') + (rest > 0 ? ` и ещё ${rest}` : '');
}
