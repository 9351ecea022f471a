/** The link with which the first person comes into the console of this machine. */
import { openBus } from '@leadwire/shared/broker/bus';
import { createLog } from '@leadwire/shared/runtime/log';
import { createStaffAccounts } from '@leadwire/operations/staff/accounts';
import { createStaffDirectory } from '@leadwire/operations/staff/directory';
import { firstOwnerLink } from '@leadwire/operations/staff/staff';
import { createClient } from '@supabase/supabase-js';

/** Invented, as everybody in this stack: mails to it arrive in the sandbox's inbox. */
const ADDRESS = 'owner@leadwire-sample.kz';

/** A new link at each start until an owner has come in; undefined from then on, and where Supabase is not our own. */
export async function inviteFirstOwner(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const url = env['LANDING_SUPABASE_URL'] ?? '';
  if (new URL(url).hostname !== '127.0.0.1') return undefined;
  const client = createClient(url, env['LANDING_SUPABASE_SERVICE_KEY'] ?? '', {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
  const log = createLog('npm start', 'silent');
  const bus = openBus({ url: env['NATS_URL'] ?? '', name: 'start', log, topology: 'as it is' });
  try {
    await bus.ready;
    const accounts = createStaffAccounts(client, env['CONSOLE_URL'] ?? '');
    const directory = createStaffDirectory(client);
    return await firstOwnerLink({ directory, accounts, bus, actor: 'cli:npm start' }, ADDRESS);
  } finally {
    await bus.drain();
  }
}
