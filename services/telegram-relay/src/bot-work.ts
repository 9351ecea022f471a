/** What the bots do besides carrying leads, wired: updates and answers, alerts, students. */
import { randomUUID } from 'node:crypto';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { startConsumer } from '@leadwire/shared/consumer/consumer';
import { toError } from '@leadwire/shared/errors';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createLeases } from '@leadwire/shared/coordination/leases';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { BotName } from '@leadwire/shared/providers/telegram/bot-api';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { createStaffTelegram } from '@leadwire/shared/delivery/staff-telegram';
import { createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { createAlertNotifier } from './alerts/alert-notifier.ts';
import { createAnswerer, type Answerer } from './bot/answerer.ts';
import { MENU } from './groups/answers.ts';
import { createOnChatError } from './groups/chat-errors.ts';
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import type { Bots } from './connect.ts';
import type { TelegramRelayEnv } from './env.ts';
import { createGroupCommands, type OnTold } from './groups/group-commands.ts';
import type { Backoff } from './groups/backoff.ts';
import type { GroupStore } from './groups/group-store.ts';
import {
  MENTOR_MENU,
  createMentorCommands,
  createStudentFacts,
  createTellStudent,
} from './students/mentor.ts';
import type { BotSender } from './bot/pace.ts';
import { startPoller } from './bot/poller.ts';
import { createStudentLinks } from './students/students.ts';
import { startDigest } from './groups/digest.ts';
import { createToday } from './groups/today.ts';
import { createFind } from './groups/find.ts';
import { createReleaseHeld } from './alerts/release-held.ts';
import { startServiceWatch } from './alerts/service-watch.ts';
import { startSilenceWatch } from './alerts/silence-watch.ts';
import { createLeadLookup } from './leads/lead-lookup.ts';
import { createLeadOwners } from './leads/lead-owners.ts';
import { createTakeLead } from './leads/take-lead.ts';
import { createTakenMeasure } from './measures.ts';
import { createUpdateProcessor, type UpdateProcessor } from './bot/update-processor.ts';
import { createWebhookHttp, startWebhook, type Processors } from './bot/webhook.ts';

/** Longer than a turn (10 s) and a message (15 s) take together. */
const ALERT_LEASE_MS = 60_000;

interface BotParts extends ProcessParts {
  bots: Bots;
  groups: GroupStore;
  /** By group: we were not allowed to write there. */
  refusals: Backoff;
}

export interface BotWork {
  /** The server that Telegram calls, where it is told to call. */
  http: FastifyInstance | undefined;
  /** To be called once the broker is there. */
  start(): BackgroundWork[];
}

export function createBotWork(env: TelegramRelayEnv, parts: BotParts): BotWork {
  const processors: Processors = {};
  const starts: (() => BackgroundWork)[] = [];
  for (const [bot, sender] of Object.entries(parts.bots) as [BotName, BotSender][]) {
    const answerer = createAnswerer({ sender, log: parts.log });
    const processor = createProcessor(env, parts, sender, answerer);
    processors[bot] = processor;
    starts.push(() => {
      const listening = listen(env, parts, sender, processor);
      const stop = () => listening.stop().then(() => answerer.stop());
      return { ...listening, stop };
    });
  }
  const { TELEGRAM_WEBHOOK_SECRET: secret, TELEGRAM_PUBLIC_URL: publicUrl } = env;
  const isCalled = publicUrl !== undefined && secret !== undefined;
  return {
    http: isCalled ? createWebhookHttp(processors, secret, parts.log) : undefined,
    start: () => [
      ...starts.map((start) => start()),
      ...startAlerts(env, parts),
      startStudents(parts),
      ...startWatches(env, parts),
    ],
  };
}

function createProcessor(
  env: TelegramRelayEnv,
  { bus, log, metrics, groups }: BotParts,
  sender: BotSender,
  answerer: Pick<Answerer, 'answer' | 'answerPress'>,
): UpdateProcessor {
  const { bot } = sender;
  const codes = createTelegramCodes(bus);
  const timeZone = env.TIME_ZONE;
  const owners = createLeadOwners(bus);
  const staff = createStaffTelegram(bus);
  const today = createToday({ bus, timeZone, log });
  const onTold: OnTold =
    bot === 'mentor'
      ? createMentorCommands({
          codes,
          log,
          links: createStudentLinks(bus),
          facts: createStudentFacts(bus),
        })
      : createGroupCommands({
          bot,
          groups,
          codes,
          today,
          log,
          timeZone,
          find: createFind({ lookup: createLeadLookup(env), owners, timeZone, log }),
          tieStaff: (staffId, userId) =>
            staff.tie({ staffId, userId, at: new Date().toISOString() }),
          roleOf: (chatId, userId) => sender.roleOf(chatId, userId),
          onPress:
            bot === 'admin'
              ? createReleaseHeld({ bus, timeZone, log })
              : createTakeLead({
                  bus,
                  staff,
                  owners,
                  timeZone,
                  onTaken: createTakenMeasure(metrics),
                }),
        });
  const botId = String(sender.botId);
  const username = knownUsername(sender);
  return createUpdateProcessor({ bus, botId, username, onTold, answerer, log });
}

function listen(
  env: TelegramRelayEnv,
  parts: BotParts,
  sender: BotSender,
  processor: UpdateProcessor,
) {
  const { bus, log } = parts;
  const { TELEGRAM_PUBLIC_URL: publicUrl, TELEGRAM_WEBHOOK_SECRET: secret } = env;
  const leaseMs = env.TELEGRAM_POLLER_LEASE_MS;
  const showMenu = () =>
    introduce(bus, sender).catch((thrown: unknown) =>
      log.warn(
        { bot: sender.bot, err: toError(thrown) },
        'the menu was not set, or the name not told',
      ),
    );
  if (publicUrl !== undefined && secret !== undefined) {
    return startWebhook({ sender, publicUrl, secret, prepare: showMenu, log });
  }
  return startPoller({
    sender,
    processor,
    log,
    leaseMs,
    leases: createLeases({ bus, owner: randomUUID(), leaseMs }),
    alerts: createAlerts(bus),
    async prepare() {
      await sender.call('deleteWebhook');
      await showMenu();
    },
  });
}

/** The menu of commands; and the leads bot's name, for links that open it. */
async function introduce(bus: ProcessParts['bus'], sender: BotSender): Promise<void> {
  if (sender.bot === 'leads') await createStaffTelegram(bus).nameBot(await knownUsername(sender)());
  const menu = sender.bot === 'mentor' ? MENTOR_MENU : MENU[sender.bot];
  const commands = menu.map(([command, description]) => ({ command, description }));
  await sender.call('setMyCommands', { commands });
}

function startAlerts(env: TelegramRelayEnv, parts: BotParts): BackgroundWork[] {
  const { bus, log, metrics, groups, refusals } = parts;
  const sender = parts.bots.admin;
  const notifier = createAlertNotifier({
    bus,
    groups,
    refusals,
    log,
    timeZone: env.TIME_ZONE,
    consoleUrl: env.CONSOLE_URL,
    alertSender: sender && { sender, onChatError: createOnChatError({ groups, sender }) },
    leases: createLeases({ bus, owner: randomUUID(), leaseMs: ALERT_LEASE_MS }),
  });
  const consumer = startConsumer({
    bus,
    log,
    metrics,
    durable: 'telegram-alerts' as const,
    schema: eventSchemas['alert.raised.v1'],
    stopNames: ['telegram-admin_stopped', 'telegram-admin_limited'],
    handle: ({ data }) => notifier.take(data),
  });
  return [consumer, notifier.start()];
}

/** What nobody asks for: the day before in the morning, that leads are missing, that a service is gone. */
function startWatches(env: TelegramRelayEnv, { bus, log, groups, bots }: BotParts) {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = env;
  const { TELEGRAM_DIGEST_HOUR: hour, TIME_ZONE: timeZone, LANDING_API_URL: apiUrl } = env;
  const { leads: sender } = bots;
  const watches = [startServiceWatch({ bus, alerts: createAlerts(bus), apiUrl, log })];
  if (sender && hour !== 'off') {
    watches.push(startDigest({ bus, groups, sender, timeZone, hour, log }));
  }
  if (url !== undefined && serviceKey !== undefined) {
    const database = createDatabase({ project: 'landing', url, serviceKey });
    watches.push(startSilenceWatch({ database, alerts: createAlerts(bus), log }));
  }
  return watches;
}

function startStudents({ bus, log, metrics, bots }: BotParts): BackgroundWork {
  const links = createStudentLinks(bus);
  return startConsumer({
    bus,
    log,
    metrics,
    durable: 'telegram-students' as const,
    schema: z.discriminatedUnion('type', [
      eventSchemas['student.created.v1'],
      eventSchemas['lesson.completed.v1'],
    ]),
    stopNames: ['telegram-mentor_stopped', 'telegram-mentor_limited'],
    handle: createTellStudent({ links, sender: bots.mentor, log }),
  });
}

/** The name is asked for once; a bot keeps it. */
function knownUsername(sender: BotSender): () => Promise<string> {
  let known: string | undefined;
  return async () => {
    const me = z.object({ username: z.string() });
    known ??= me.parse(await sender.call('getMe')).username.toLowerCase();
    return known;
  };
}
