/** What a benched campaign by mail and one by SMS differ in. */
export type ChannelName = 'email' | 'sms';

interface BenchedChannel {
  /** What the provider allows, in calls a second. */
  limit: number;
  draft: object;
  /** A list as CSV. */
  list: (people: number) => string;
  leastCalls: (people: number) => number;
}

/** Of Resend, for one call (docs "Usage Limits"). */
const MAILS_IN_A_CALL = 100;
/** Of Mobizon, for one `addRecipients`; a draft is made before it and sent after it. */
const NUMBERS_IN_A_CALL = 500;

const draft = {
  name: 'Эфир перенесён',
  template: 'stream-moved',
  quietHours: null,
  variables: {
    stream: 'Как выбрать профессию',
    newDate: '2099-11-27T19:00:00+05:00',
    reason: 'Приглашённый эксперт заболел, а без него разговор был бы неполным.',
    steps: ['Отметьте новую дату в календаре.', 'Подготовьте один вопрос эксперту.'],
    link: 'https://leadwire.kz/s/b4Tz9Rc',
  },
};

export const campaignChannels: Record<ChannelName, BenchedChannel> = {
  email: {
    limit: 5,
    draft: { ...draft, channel: 'email' },
    list: (people) => listOf('email', people, (n) => `person-${n}@mail.leadwire-sample.kz`),
    leastCalls: (people) => Math.ceil(people / MAILS_IN_A_CALL),
  },
  sms: {
    limit: 2,
    draft: { ...draft, channel: 'sms' },
    list: (people) => listOf('phone', people, (n) => `+7700${String(n).padStart(7, '0')}`),
    leastCalls: (people) => 3 * Math.ceil(people / NUMBERS_IN_A_CALL),
  },
};

function listOf(column: string, people: number, contact: (n: number) => string): string {
  const row = (_: unknown, n: number) => `Айгерим ${n};${contact(n)}`;
  return [`name;${column}`, ...Array.from({ length: people }, row)].join('\n');
}
