/** The account as it is at the beginning: a sales pipeline with its stages, and the fields that AmoCRM itself makes. */
import { LOST, WON } from './records.ts';

/** The stages that Leadwire is configured with. */
export type StageName = 'kaspi' | 'halyk' | 'robokassa' | 'lesson1' | 'lesson2' | 'lesson3';

/** The pipeline of the design's default configuration. */
export const DEFAULT_PIPELINE_ID = 10_350_882;

/** Ids of the kind that AmoCRM gives: stages of their own for a sane configuration. */
export const ownStages: Record<StageName, number> = {
  kaspi: 83_201_101,
  halyk: 83_201_102,
  robokassa: 83_201_103,
  lesson1: 83_201_201,
  lesson2: 83_201_202,
  lesson3: 83_201_203,
};

/** What the design's default configuration calls the Robokassa stage; 142 and 143 are won and lost. */
const DESIGN_ROBOKASSA = 144;
const INCOMING = 83_201_001;
const FIRST = 83_201_002;

const STAGE_LOOKS: Record<StageName, [name: string, color: string]> = {
  kaspi: ['Оплата Kaspi', '#ffcccc'],
  halyk: ['Оплата Halyk', '#ccff66'],
  robokassa: ['Оплата Robokassa', '#ffdc7f'],
  lesson1: ['Урок 1 пройден', '#c1e0ff'],
  lesson2: ['Урок 2 пройден', '#98cbff'],
  lesson3: ['Урок 3 пройден', '#deff81'],
};

type SeedStatus = { id: number; name: string; color?: string; incoming?: boolean };

const isOwn = (id: number, stages: Partial<Record<StageName, number | undefined>>): boolean =>
  id === WON || id === LOST || Object.values(stages).includes(id);

/** A pipeline whose stages have the ids of a configuration; those that are won or lost exist by themselves. */
export function pipelineFor(
  pipelineId: number,
  stages: Partial<Record<StageName, number | undefined>>,
  firstStage: number = FIRST,
) {
  const statuses: SeedStatus[] = [
    { id: INCOMING, name: 'Неразобранное', color: '#c1c1c1', incoming: true },
    // A first stage that is one of the others is not made twice.
    { id: isOwn(firstStage, stages) ? FIRST : firstStage, name: 'Первичный контакт' },
  ];
  for (const [stage, [name, color]] of Object.entries(STAGE_LOOKS)) {
    const id = stages[stage as StageName];
    if (id === undefined || id === WON || id === LOST) continue;
    if (statuses.every((status) => status.id !== id)) statuses.push({ id, name, color });
  }
  return { id: pipelineId, name: 'Продажи', main: true, statuses };
}

/** A second pipeline: deals in it are none of Leadwire's business. */
export const otherPipeline = {
  id: 10_350_990,
  name: 'Корпоративные клиенты',
  statuses: [
    { id: 83_209_001, name: 'Переговоры' },
    { id: 83_209_002, name: 'Договор' },
  ],
};

/** Serves both configurations: the design's default ids (142, 143, 144) and stages of their own. */
export function defaultPipelines() {
  const main = pipelineFor(DEFAULT_PIPELINE_ID, ownStages);
  const place = main.statuses.findIndex(({ id }) => id === ownStages.robokassa) + 1;
  main.statuses.splice(place, 0, { id: DESIGN_ROBOKASSA, name: 'Robokassa', color: '#ffdbdb' });
  return [main, otherPipeline];
}

type SeedField = {
  id: number;
  entity: 'leads' | 'contacts';
  name: string;
  code?: string;
  type: 'text' | 'textarea' | 'select' | 'multitext' | 'tracking_data';
  enums?: { id: number; value: string }[];
};

const PHONE_ENUMS = ['WORK', 'WORKDD', 'MOB', 'FAX', 'HOME', 'OTHER'];
const EMAIL_ENUMS = ['WORK', 'PRIV', 'OTHER'];
const TRACKING = [
  ...['utm_content', 'utm_medium', 'utm_campaign', 'utm_source', 'utm_term', 'utm_referrer'],
  ...['roistat', 'referrer', 'openstat_service', 'openstat_campaign', 'openstat_ad'],
  ...['openstat_source', 'from', 'gclientid', '_ym_uid', '_ym_counter', 'gclid', 'yclid', 'fbclid'],
];

const numbered = (first: number, values: string[]) =>
  values.map((value, index) => ({ id: first + index, value }));

/** Phone, email and tracking fields as every account has them; our own id and the payment as an admin would add them. */
export function defaultFields(): SeedField[] {
  const contact = { entity: 'contacts' as const };
  const lead = { entity: 'leads' as const };
  return [
    { id: 264_909, ...contact, name: 'Должность', code: 'POSITION', type: 'text' as const },
    {
      id: 264_911,
      ...contact,
      name: 'Телефон',
      code: 'PHONE',
      type: 'multitext' as const,
      enums: numbered(148_101, PHONE_ENUMS),
    },
    {
      id: 264_913,
      ...contact,
      name: 'Email',
      code: 'EMAIL',
      type: 'multitext' as const,
      enums: numbered(148_113, EMAIL_ENUMS),
    },
    ...TRACKING.map((name, index) => ({
      id: 264_921 + 2 * index,
      ...lead,
      name,
      code: name.toUpperCase(),
      type: 'tracking_data' as const,
    })),
    { id: 850_001, ...lead, name: 'Leadwire ID', code: 'LEADWIRE_ID', type: 'text' as const },
    {
      id: 850_003,
      ...lead,
      name: 'Способ оплаты',
      type: 'select' as const,
      enums: numbered(860_001, ['Kaspi', 'Halyk', 'Robokassa']),
    },
    { id: 850_005, ...lead, name: 'Итог теста', type: 'textarea' as const },
  ];
}
