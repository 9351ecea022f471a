/** What a running stack has stored: rows of leads, messages of the broker, and where some bytes stand. */
import type { ComposeStack } from './stack.ts';

export interface LeadRow {
  id: string;
  name: string | null;
  email: string | null;
  email_status: string | null;
  sms_status: string | null;
  email_delivered_at: string | null;
  sms_delivered_at: string | null;
  amocrm_synced: boolean | null;
}

const READ_ROWS = `const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: apikey } = process.env;
const columns = 'id,name,email,email_status,sms_status,email_delivered_at,sms_delivered_at,amocrm_synced';
const rows = [];
for (;;) {
  const from = url + '/rest/v1/landing_leads?order=id&limit=500&select=' + columns + '&id=gt.' + (rows.at(-1)?.id ?? '00000000-0000-0000-0000-000000000000');
  const page = await (await fetch(from, { headers: { apikey, authorization: 'Bearer ' + apikey } })).json();
  rows.push(...page);
  if (page.length === 0) break;
}
console.log(JSON.stringify(rows));`;

/** Every lead in the database, by its id, read with the key that lead-store has. */
export async function readLeadRows(stack: ComposeStack): Promise<Map<string, LeadRow>> {
  const run = ['run', '--rm', '-T', '--no-deps', '--entrypoint', 'node'];
  const program = ['--env-file=/settings/lead-store.env', '--input-type=module', '-e', READ_ROWS];
  const said = await stack.compose(...run, 'lead-store', ...program);
  const rows = JSON.parse(said.slice(said.indexOf('['), said.lastIndexOf(']') + 1)) as LeadRow[];
  return new Map(rows.map((row) => [row.id, row]));
}

/** How many messages each of these streams has. */
export async function countMessages(
  stack: ComposeStack,
  streams: readonly string[],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const stream of streams) {
    const info = ['stream', 'info', stream, '--json'];
    const said = await stack.compose('run', '--rm', '-T', '--no-deps', 'nats-box', ...info);
    counts[stream] = Number(/"messages": (\d+)/.exec(said)?.[1]);
  }
  return counts;
}

/** The files of the broker and of the journal, and our parts' logs, in which one of the words stands. */
export async function placesWith(stack: ComposeStack, words: readonly string[]): Promise<string[]> {
  const patterns = words.flatMap((word) => ['-e', word]);
  const find = ['grep', '-raliF', ...patterns, '/volumes/nats', '/volumes/landing-api'];
  const look = `${find.map((each) => `'${each}'`).join(' ')} || test $? = 1`;
  // The one part that has every volume.
  const run = ['run', '--rm', '-T', '--no-deps', '--entrypoint', 'sh', 'settings'];
  const files = await stack.compose(...run, '-c', look);
  const lines = (await stack.compose('logs', '--no-color')).toLowerCase().split('\n');
  // The sandbox plays the providers, which have logs of their own.
  const logs = lines.filter((line) => !line.startsWith('sandbox')).join('\n');
  return [
    ...files.split('\n').filter((line) => line.startsWith('/volumes/')),
    ...words.filter((word) => logs.includes(word.toLowerCase())).map((word) => `logs: ${word}`),
  ];
}
