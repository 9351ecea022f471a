/** Things that happen in a chat after so many more messages of a bot: a kick between two messages, say. */
import type { Book } from './telegram-store.ts';
import type { Desk } from './chat-actions.ts';
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
export function createPlans(book: Book, desk: Desk, rate: RateLimit): Plans {
  let plans: Plan[] = [];
  const run = ({ action, seconds }: Plan, chat: Chat, bot: Bot): void => {
    const [person] = book.people();
    if (person === undefined) return;
    const actions: Record<PlannedAction, () => void> = {
      kick: () => desk.removeBot(chat, bot, 'kicked', person),
      restrict: () => desk.changeBot(chat, bot, 'restricted', person),
      migrate: () => void desk.migrate(chat, person),
      delete: () => desk.deleteChat(chat),
      limit: () => rate.punish(bot, chat, seconds),
    };
    actions[action]();
  };
  return {
    add: (plan) => void plans.push(plan),
    shown: (bot, { key }) => {
      const isMeant = (plan: Plan): boolean => plan.chatKey === key && plan.botId === bot.id;
      plans = plans.map((plan) => (isMeant(plan) ? { ...plan, after: plan.after - 1 } : plan));
      const due = plans.filter((plan) => isMeant(plan) && plan.after <= 0);
      plans = plans.filter((plan) => !due.includes(plan));
      for (const plan of due) {
        const chat = book.chat(key);
        if (chat !== undefined) run(plan, chat, bot);
      }
    },
    reset: () => {
      plans = [];
    },
  };
}
