/** The relay as it runs in production, between a real broker and the sandbox's Telegram; one rig for a test file. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { app as crmSync } from '@leadwire/crm-sync/app';
import { startSandbox, type Sandbox, type SandboxOptions } from '@leadwire/sandbox/sandbox';
import { sandboxTokens } from '@leadwire/sandbox/telegram/lifecycle/settings';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Lead, LeadKind } from '@leadwire/shared/contract/events';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import type { GroupBot, TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { keepServices } from '@leadwire/testing/kept-services';
import { startNats } from '@leadwire/testing/nats';
import { CONTACT_HASH_SECRET } from '@leadwire/testing/settings';
import type { TestBroker } from '@leadwire/testing/test-broker';
import type { ServiceHere } from '@leadwire/testing/service-here';
import type { ServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';
import { app } from '../src/app.ts';
import { createGroupStore, type GroupStore } from '../src/groups/group-store.ts';

/** As fast as tests want it; both sides have the same figures. */
export const QUICK = {
  telegram: { ratePerSecond: 200, chatRatePerSecond: 100, groupRatePerMinute: 6_000 },
  env: { TELEGRAM_GROUP_RATE_PER_MINUTE: '1200', TELEGRAM_RATE_PER_SECOND: '100' },
} as const;

export interface RigOptions {
  telegram?: SandboxOptions['telegram'];
  /** Over those that every relay of the file gets. */
  env?: Record<string, string>;
}

interface SomeGroup {
  bot?: GroupBot;
  leadKinds?: LeadKind[];
  type?: 'group' | 'supergroup';
}

/** Starts before the file's tests and ends after them; so do its relays, unless one is wanted otherwise. */
export function useRig({ telegram = QUICK.telegram, env: common = QUICK.env }: RigOptions = {}) {
  let broker: TestBroker;
  let sandbox: Sandbox;
  let bus: Bus;
  let groups: GroupStore;
  const services = keepServices();

  beforeAll(async () => {
    [broker, sandbox] = await Promise.all([startNats(), startSandbox({ telegram })]);
    bus = await openTestBus(broker, 'test');
    groups = createGroupStore(bus);
  });
  afterAll(async () => {
    await services.stop();
    await bus.drain();
    await Promise.all([broker.close(), sandbox.close()]);
  });
  beforeEach(() => sandbox.control.clearFaults());
  afterEach(async () => {
    await services.release();
    // Groups of earlier tests get nothing of later ones.
    for (const { groupId } of await groups.list()) await groups.deactivate(groupId, 'test_over');
  });

  const relayEnv = (): Record<string, string> => ({
    NATS_URL: broker.url,
    TELEGRAM_BASE_URL: sandbox.telegramUrl,
    TELEGRAM_LEADS_BOT_TOKEN: sandboxTokens.leads,
    TELEGRAM_ADMIN_BOT_TOKEN: sandboxTokens.admin,
    ...common,
  });
  const telegramOf = () => sandbox.control.telegram;

  return {
    broker: () => broker,
    bus: () => bus,
    control: () => sandbox.control,
    telegram: telegramOf,
    groups: () => groups,

    startRelay: (env: Record<string, string> = {}): Promise<ServiceHere> =>
      services.startHere(app, { ...relayEnv(), ...env }),

    /** Two replicas, the second as a process. */
    startTwo: (): Promise<[ServiceHere, ServiceProcess]> =>
      services.startTwo(app, 'services/telegram-relay/src/main.ts', relayEnv()),

    /** One that can be killed. */
    startRelayProcess: (env: Record<string, string> = {}): Promise<ServiceProcess> =>
      services.start('services/telegram-relay/src/main.ts', { ...relayEnv(), ...env }),

    /** AmoCRM's side, for what managers do here and see there. */
    startCrm: (env: Record<string, string> = {}): Promise<ServiceHere> =>
      services.startHere(crmSync, {
        NATS_URL: broker.url,
        CONTACT_HASH_SECRET,
        AMOCRM_BASE_URL: sandbox.amocrmUrl,
        AMOCRM_LONG_LIVED_TOKEN: 'amocrm-sandbox-long-lived-token',
        AMOCRM_PIPELINE_ID: '10350882',
        ...env,
      }),

    /** A group with the bot in it, activated as if somebody had sent the command. */
    activeGroup: async (
      title: string,
      { bot = 'leads', leadKinds = [], type = 'group' }: SomeGroup = {},
    ): Promise<TelegramGroup> => {
      const chat = await telegramOf().addGroup({ title, type });
      // Before the bot comes: it would greet a group that it does not know.
      const group = await groups.activate({ bot, chatId: chat.id, title, leadKinds });
      if (!group) throw new Error(`the group ${title} was active already`);
      await telegramOf().addBot(chat.id, bot);
      return group;
    },

    publishLead: async (overrides: Partial<Lead> = {}): Promise<Lead> => {
      const lead = someLead(overrides);
      await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
      return lead;
    },

    /** The texts that the bot showed in a chat, in order. */
    shownIn: async (chatId: string): Promise<string[]> =>
      (await telegramOf().shown(chatId)).map(({ text }) => text),

    /** How the lead's notice to the group ended, once it has: `sent`, or `skipped: group_gone`. */
    settled: async (lead: Lead, { groupId }: TelegramGroup, timeoutMs = 20_000) => {
      const ledger = createLedger(bus);
      return waitFor(
        async () => {
          const all = await ledger.ofLead(lead.leadId);
          const entry = all.find(({ template }) => template === groupId);
          if (!entry?.settledAt) return undefined;
          return entry.reason ? `${entry.state}: ${entry.reason}` : entry.state;
        },
        { timeoutMs, what: 'the notice to end' },
      );
    },

    nothingIsLeft: async (timeoutMs = 20_000): Promise<void> => {
      const manager = await bus.manager();
      await waitFor(async () => (await manager.streams.info('TELEGRAM')).state.messages === 0, {
        timeoutMs,
        what: 'all work to be done',
      });
    },
  };
}

/** How often a text with the lead's short number is among these. */
export function timesShown(texts: readonly string[], { leadId }: Pick<Lead, 'leadId'>): number {
  const number = `#${leadId.slice(-8)}`;
  return texts.reduce((sum, text) => sum + text.split(number).length - 1, 0);
}
