/** Things that happen in a chat after so many more messages of a bot: a kick between two messages, say. */
import type { TelegramStore } from './telegram-store.ts';
import type { ChatActions } from './chat-actions.ts';
import type { RateLimit } from '../api/rate-limit.ts';
import type { Bot, Chat } from './records.ts';

export const plannedActions = ['kick', 'restrict', 'migrate', 'delete', 'limit'] as const;
export type PlannedAction = (typeof plannedActions)[number];

export type Plan = {
  chatKey: string;
  botId: number;
  /** Messages still to come before it happens. */
  after: number;
  action: PlannedAction;
  /** Of `limit`: for how long. */
  seconds: number;
};

export type Plans = {
  add(plan: Plan): void;
  /** Called when a message of `bot` was shown in `chat`. */
  shown(bot: Bot, chat: Chat): void;
  reset(): void;
};

/** In memory: a restarted sandbox has no plans. */
export function createPlans(store: TelegramStore, actions: ChatActions, rate: RateLimit): Plans {
  let plans: Plan[] = [];
  const run = ({ action, seconds }: Plan, chat: Chat, bot: Bot): void => {
    const [person] = store.people();
    if (person === undefined) return;
    const acts: Record<PlannedAction, () => void> = {
      kick: () => actions.removeBot(chat, bot, 'kicked', person),
      restrict: () => actions.changeBot(chat, bot, 'restricted', person),
      migrate: () => void actions.migrate(chat, person),
      delete: () => actions.deleteChat(chat),
      limit: () => rate.punish(bot, chat, seconds),
    };
    acts[action]();
  };
  return {
    add: (plan) => void plans.push(plan),
    shown: (bot, { key }) => {
      const isMeant = (plan: Plan): boolean => plan.chatKey === key && plan.botId === bot.id;
      plans = plans.map((plan) => (isMeant(plan) ? { ...plan, after: plan.after - 1 } : plan));
      const due = plans.filter((plan) => isMeant(plan) && plan.after <= 0);
      plans = plans.filter((plan) => !due.includes(plan));
      for (const plan of due) {
        const chat = store.chat(key);
        if (chat !== undefined) run(plan, chat, bot);
      }
    },
    reset: () => {
      plans = [];
    },
  };
}
