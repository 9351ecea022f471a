/**
 * What becomes of each fenced command when the pages are read by test/e2e/start.e2e.test.ts: it is run in the stack of
 * `npm start` as it stands there, or stands here with the reason why not.
 */

/** What earlier lines told, as a reader has it before their eyes. */
export type Told = {
  leadId: string;
  adminToken: string;
  /** The newest draft first. */
  campaigns: string[];
  /** The number of a dead letter of the service that the page names. */
  deadLetter: string;
};

export type Way = {
  /** Why it is not run here. */
  not?: string;
  /** What the page leaves to its reader, or invents: the word of the page and what stands for it here. */
  given?: Readonly<Record<string, (told: Told) => string>>;
  /**
   * The command asks a question at a terminal; here it has to refuse, naming the option that answers. What stands here is
   * given beside that option.
   */
  asks?: readonly string[];
  /** What it says, with exit code 1 or 2, when what it needs is not there: an account, a project. */
  refusal?: RegExp;
};

const asIs: Way = {};
const newest = { '<id>': ({ campaigns }: Told) => campaigns[0] ?? '' };
const lead = ({ leadId }: Told) => leadId;
const several: Way = { not: 'names several commands: packages/cli/test/docs.test.ts knows each' };
const image: Way = {
  not: 'needs a Docker engine: test/compose/docker-lines.test.ts knows who runs it',
};
const host: Way = { not: 'git and docker on the server, no program of ours' };
const long: Way = { not: 'takes minutes: a program of its own, run by CI or by hand' };
const natsCli: Way = {
  not: 'the NATS CLI with the admin user: `leadwire replay` does the same, and is tested',
};

/** The line as it stands on the page, or what the lines of a kind look like. */
export const WAYS: readonly (readonly [string | RegExp, Way])[] = [
  ['npm start', { not: 'this test has run it' }],
  ['npm start -- --demo', { not: 'scripts/test/demo.test.ts' }],
  ['npm test', { not: 'it runs this' }],
  [/^npm run bench( |$)/, long],
  [/^npm run chaos/, long],
  ['npm run test:system', long],
  [/^curl .*\/api\/landing\/proftest/, asIs],
  [
    /^curl \S+\/leads\/<leadId>\/status/,
    { given: { '<leadId>': lead, '<admin token>': (told) => told.adminToken } },
  ],
  [/^node packages\/templates\/src\/preview\.ts /, asIs],
  [/^node docs\/examples\//, { not: 'test/examples.int.test.ts' }],
  ['node packages/sandbox/src/main.ts', { not: 'a part of npm start' }],
  [
    /^LANDING_SUPABASE_SERVICE_KEY=\S+ TRIPWIRE_SERVICE_ROLE_KEY=\S+ node src\/main.ts$/,
    { not: 'a part of npm start' },
  ],

  [/^docker compose run --rm leadwire tokens add site/, asIs],
  [/^docker compose run --rm leadwire tokens list/, asIs],
  [/^docker compose run --rm leadwire tokens revoke site/, { asks: [] }],
  ['docker compose run --rm leadwire doctor', asIs],
  [/^docker compose (?!run --rm leadwire )/, image],
  [/^deploy\/(?:backup|cluster)\/\S+\.sh/, image],
  ['LEADWIRE_VERSION=before docker compose up --detach --wait', image],
  [/^echo 'COMPOSE_FILE=/, image],
  [/^(?:docker tag|git) /, host],
  [/^supabase (?:--workdir \S+ )?db push$/, { not: 'a hosted project and the Supabase CLI' }],
  [/^nats /, natsCli],
  ['subject=leads.created.proftest.<id>', natsCli],

  ['npm run leadwire -- telegram code', asIs],
  ['npm run leadwire -- telegram groups', asIs],
  ['npm run leadwire -- telegram student-code st-1042', asIs],
  [/^npm run leadwire -- campaign create .*--csv people\.csv/, asIs],
  [
    /^npm run leadwire -- campaign create .*--segment "Не купили"/,
    { refusal: /the segment has nobody to write to/ },
  ],
  [/^npm run leadwire -- campaign preview <id>/, { given: newest }],
  [/^npm run leadwire -- campaign test <id> /, { given: newest }],
  // At night it would show its progress until nine in the morning.
  ['npm run leadwire -- campaign start <id>', { given: newest, asks: ['--no-watch'] }],
  [/^npm run leadwire -- campaign report <id> /, { given: newest }],
  ['npm run leadwire -- campaign compare <id> <id>', { given: newest }],
  // The line above it has started the draft.
  [/^npm run leadwire -- campaign subjects <id> /, { refusal: /it cannot start/, given: newest }],
  [/^npm run leadwire -- campaign pause\|/, several],
  [
    'npm run leadwire -- segment save "Не купили" --where utm_source=facebook bought=no lead_at>=30d',
    asIs,
  ],
  [/^npm run leadwire -- sequence create /, asIs],
  ['npm run leadwire -- texts write open-day day.md', asIs],
  ['npm run leadwire -- texts picture hall.jpg', asIs],
  [/^npm run leadwire -- texts list\|/, several],
  [/^leadwire texts (?:show|write) welcome/, asIs],
  ['leadwire texts preview welcome && leadwire texts archive welcome', { asks: [] }],

  ['npm run leadwire -- forms add spring --kind request --secret', asIs],
  ['npm run leadwire -- forms add spring --secret', asIs],
  ['npm run leadwire -- forms list', asIs],
  ['npm run leadwire -- forms test spring body.txt', asIs],
  [/^npm run leadwire -- forms list\|/, several],

  ['npm run leadwire -- leads list --state trouble', asIs],
  ['npm run leadwire -- leads find 4567', asIs],
  ['npm run leadwire -- leads show 0199f3a2-7c1d', { given: { '0199f3a2-7c1d': lead } }],
  ['npm run leadwire -- leads import-older', asIs],
  ['npm run leadwire -- leads retry <id>', { given: { '<id>': lead } }],
  [
    'npm run leadwire -- person erase 87000000001',
    { given: { '87000000001': () => '87051234567' }, asks: [] },
  ],
  ['npm run leadwire -- person certificates|apply', several],

  [
    /^npm run leadwire -- dead (?:list --since 2h|redrive --cause attempts_spent|drop --service notifier-sms --until 7d|sweep)$/,
    asIs,
  ],
  ['npm run leadwire -- dead show 12', { given: { '12': (told) => told.deadLetter } }],
  [/^npm run leadwire -- (?:health|doctor)$/, asIs],
  ['npm run leadwire -- audit daily|weekly|monthly', several],
  [/^(?:npm run leadwire --|leadwire) topology apply$/, asIs],
  ['npm run leadwire -- amocrm connect', { refusal: /AMOCRM_CLIENT_ID/ }],

  ['npm run leadwire -- staff add aida@mail.kz --role sales', asIs],
  [/^npm run leadwire -- staff list\|/, several],
  ['npm run leadwire -- staff conflicts', asIs],
  ['npm run leadwire -- staff import-traffic', { refusal: /TRAFFIC_SUPABASE_URL/ }],
  ['npm run leadwire -- traffic recount --days 365', { refusal: /TRAFFIC_SUPABASE_URL/ }],
  ['npm run leadwire -- database forget-passwords', asIs],
  [/^npm run leadwire -- backup key\|/, several],
  [/^npm run leadwire -- referrals (?:list|approve)\|/, several],
  ['npm run leadwire -- referrals tier 1 --percent 10', asIs],
  ['npm run leadwire -- tokens add prometheus --scope metrics', asIs],
  ['npm run leadwire -- tokens list|revoke', several],
  ['npm run leadwire -- report --by campaign --days 7', asIs],
  ['npm run leadwire -- spend import spend.csv', asIs],
];
