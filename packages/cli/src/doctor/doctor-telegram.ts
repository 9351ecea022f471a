/** Telegram: each bot by its token, how it hears of updates, and whether anybody hears of it. */
import type { BotName, TelegramClient } from '@leadwire/shared/providers/telegram/bot-api';
import { createGroupReader, type TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { z } from 'zod';
import { withBus } from '../connect.ts';
import { examined, type Finding } from './finding.ts';
import type { CliEnv } from '../env.ts';
import { TOKEN_NAMES, openBot, readUsername } from './telegram-bots.ts';
import { counted, fromNow } from '../terminal.ts';
import { ownCommand } from '@leadwire/shared/runtime/own-command';

const BOTS = ['leads', 'admin', 'mentor'] as const;
/** An error of long ago says nothing about how things are. */
const RECENT_MS = 60 * 60_000;

const webhookSchema = z.object({
  url: z.string(),
  pending_update_count: z.number().default(0),
  last_error_date: z.number().optional(),
  last_error_message: z.string().optional(),
});

export async function checkTelegram(env: CliEnv): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const bot of BOTS) {
    const client = openBot(env, bot);
    const what = `Telegram bot ${bot}`;
    if (!client) {
      findings.push({ state: 'off', what, detail: `not configured (${TOKEN_NAMES[bot]})` });
      continue;
    }
    const found = await examined(what, () => checkBot(env, client, what));
    findings.push(...found.map((finding) => withRemedy(finding, bot)));
  }
  const isAnyOn = findings.some(({ state }) => state !== 'off');
  if (!isAnyOn) return findings;
  return [...findings, ...(await examined('Telegram groups', () => checkGroups(env)))];
}

function withRemedy(finding: Finding, bot: BotName): Finding {
  if (finding.state !== 'broken' || finding.remedy !== undefined) return finding;
  return { ...finding, remedy: `ask @BotFather for the token and put it into ${TOKEN_NAMES[bot]}` };
}

async function checkBot(env: CliEnv, client: TelegramClient, what: string): Promise<Finding[]> {
  const username = await readUsername(client);
  const webhook = webhookSchema.parse(await client.call('getWebhookInfo'));
  const who = `@${username}`;
  const publicUrl = env.TELEGRAM_PUBLIC_URL;
  const wanted = publicUrl === undefined ? '' : `${publicUrl}/telegram/${client.bot}/`;
  if (webhook.url !== wanted) {
    const detail = `${who}, its webhook is ${webhook.url || 'not set'}`;
    const remedy =
      publicUrl === undefined
        ? 'something else gets its updates; telegram-relay takes them over when it starts'
        : 'telegram-relay sets it when it starts: is it running, with this TELEGRAM_PUBLIC_URL?';
    return [{ state: 'warning', what, detail, remedy }];
  }
  const failedAt = (webhook.last_error_date ?? 0) * 1_000;
  if (publicUrl !== undefined && Date.now() - failedAt < RECENT_MS) {
    const why = webhook.last_error_message ?? 'unknown';
    const detail = `${who}, its webhook failed ${fromNow(new Date(failedAt))}: ${why}`;
    const remedy = `can Telegram reach ${wanted}, and is the secret the same everywhere?`;
    return [{ state: 'warning', what, detail, remedy }];
  }
  const way = publicUrl === undefined ? 'asks for its updates' : 'its webhook is set';
  return [{ state: 'ok', what, detail: `${who}, ${way}` }];
}

async function checkGroups(env: CliEnv): Promise<Finding[]> {
  const groups = await withBus(env, async (bus) => createGroupReader(bus).all());
  const ofBot = (bot: TelegramGroup['bot']) =>
    groups.map(({ group }) => group).filter((group) => group.bot === bot);
  return (['leads', 'admin'] as const).flatMap((bot) =>
    openBot(env, bot) ? [judgeGroups(bot, ofBot(bot))] : [],
  );
}

function judgeGroups(bot: TelegramGroup['bot'], groups: readonly TelegramGroup[]): Finding {
  const what = `Telegram groups of ${bot}`;
  const count = (state: TelegramGroup['state']) =>
    groups.filter((group) => group.state === state).length;
  const [active, paused] = [count('active'), count('paused')];
  const detail = `${active} active, ${paused} paused, ${count('deactivated')} deactivated`;
  if (active + paused === 0) {
    const nobody = bot === 'leads' ? 'no group hears of leads' : 'nobody hears of alerts';
    const remedy = `"${ownCommand(`telegram code --bot ${bot}`)}" makes a code for a group`;
    return { state: 'warning', what, detail: `${detail}: ${nobody}`, remedy };
  }
  if (paused === 0) return { state: 'ok', what, detail };
  const remedy = `let the bot write in ${counted(paused, 'group')}: "telegram groups" lists them`;
  return { state: 'warning', what, detail, remedy };
}
