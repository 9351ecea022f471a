/**
 * Faults: rules that spoil a call at a chosen point. The actions `effect-then-…` are the important ones:
 * they separate clients that repeat a send from those that do not.
 */
import { z } from 'zod';
import type { Random } from './random.ts';

/** The places in a call where a fault can strike. */
export const faultPoints = ['before-auth', 'before-effect', 'after-effect', 'answer'] as const;
export type FaultPoint = (typeof faultPoints)[number];

const ms = z.number().int().min(0);
const status = z.number().int().min(200).max(599);

const fixedAnswer = {
  status,
  body: z.string().default(''),
  headers: z.record(z.string(), z.string()).default({}),
};

export const faultActionSchema = z.discriminatedUnion('do', [
  /** Nothing happens: the connection is reset, or `status` is answered. */
  z.strictObject({ do: z.literal('refuse'), status: status.optional() }),
  /** The effect happens, then the connection closes without an answer. */
  z.strictObject({ do: z.literal('effect-then-drop') }),
  /** The effect happens, then a server error is answered (500 unless given). */
  z.strictObject({
    do: z.literal('effect-then-5xx'),
    status: status.optional(),
    body: z.string().optional(),
  }),
  /** The effect happens, then this answer: an error code inside 200, say. */
  z.strictObject({ do: z.literal('effect-then-fixed'), ...fixedAnswer }),
  /** The effect happens, then 200 with something that is no answer: a proxy's page, or JSON cut in half. */
  z.strictObject({
    do: z.literal('effect-then-garbage'),
    as: z.enum(['html', 'cut-json']).default('html'),
  }),
  /** The effect happens at once, the answer comes `delayMs` later. */
  z.strictObject({ do: z.literal('effect-then-late'), delayMs: ms.default(60_000) }),
  /** The whole call takes `delayMs` longer. */
  z.strictObject({ do: z.literal('slow'), delayMs: ms.default(3_000) }),
  /** Headers and half of the body arrive, the rest never does. */
  z.strictObject({ do: z.literal('stall') }),
  /** This answer, and nothing happens. */
  z.strictObject({ do: z.literal('fixed'), ...fixedAnswer }),
  /** No answer ever, and nothing happens. */
  z.strictObject({ do: z.literal('hang') }),
]);

export const faultRuleSchema = z.strictObject({
  /** Given by the sandbox unless named; a second rule with the same id replaces the first. */
  id: z.string().min(1).optional(),
  /** Shown to a person on the page. */
  title: z.string().optional(),
  provider: z.string().optional(),
  method: z.string().optional(),
  /** The whole path below the provider's prefix, any letter case; `*` stands for anything. */
  path: z.string().optional(),
  /** Some text of the body, as it was sent (forms: percent-encoded). */
  bodyIncludes: z.string().optional(),
  /** Only the n-th matching call, counted from 1 since the rule was added. */
  nth: z.number().int().min(1).optional(),
  /** A share of the matching calls, decided by the sandbox's seed. */
  probability: z.number().min(0).max(1).optional(),
  /** How many times it strikes before it is spent. */
  count: z.number().int().min(1).optional(),
  /** Where it strikes, when not at the action's usual point. */
  at: z.enum(faultPoints).optional(),
  action: faultActionSchema,
});

export type FaultAction = z.infer<typeof faultActionSchema>;
export type NewFaultRule = z.input<typeof faultRuleSchema>;
export type FaultRule = z.infer<typeof faultRuleSchema> & {
  id: string;
  seen: number;
  struck: number;
};
/** A rule that takes part in one call. */
export type ArmedFault = { rule: FaultRule; point: FaultPoint; strike(): void };

const USUAL_POINT: Record<FaultAction['do'], FaultPoint> = {
  refuse: 'before-auth',
  fixed: 'before-auth',
  hang: 'before-auth',
  // After the idempotency lookup, so that a second call with the same key meets a running one.
  slow: 'before-effect',
  stall: 'answer',
  'effect-then-drop': 'answer',
  'effect-then-5xx': 'answer',
  'effect-then-fixed': 'answer',
  'effect-then-garbage': 'answer',
  'effect-then-late': 'answer',
};

export type FaultedCall = { provider: string; method: string; path: string; body: string };

export type Faults = {
  add(rule: NewFaultRule): FaultRule;
  remove(id: string): boolean;
  list(): FaultRule[];
  clear(): void;
  /** The first rule that wants this call. It counts the call as seen, not yet as struck. */
  match(call: FaultedCall): ArmedFault | undefined;
};

/** The rules in force, in memory: a restarted sandbox is a healthy one. */
export function createFaults(random: Random): Faults {
  let rules: FaultRule[] = [];
  let nextId = 1;
  return {
    add: (given) => {
      const parsed = faultRuleSchema.parse(given);
      const rule: FaultRule = {
        ...parsed,
        id: parsed.id ?? `fault-${nextId++}`,
        seen: 0,
        struck: 0,
      };
      rules = [...rules.filter((other) => other.id !== rule.id), rule];
      return rule;
    },
    remove: (id) => {
      const before = rules.length;
      rules = rules.filter((rule) => rule.id !== id);
      return rules.length < before;
    },
    list: () => [...rules],
    clear: () => {
      rules = [];
    },
    match: (call) => {
      const rule = rules.find((each) => wants(each, call, random));
      if (rule === undefined) return undefined;
      return { rule, point: rule.at ?? USUAL_POINT[rule.action.do], strike: () => rule.struck++ };
    },
  };
}

function wants(rule: FaultRule, call: FaultedCall, random: Random): boolean {
  if (rule.count !== undefined && rule.struck >= rule.count) return false;
  const fits =
    (rule.provider === undefined || rule.provider === call.provider) &&
    (rule.method === undefined || rule.method.toUpperCase() === call.method) &&
    (rule.path === undefined || pathFits(rule.path, call.path)) &&
    (rule.bodyIncludes === undefined || call.body.includes(rule.bodyIncludes));
  if (!fits) return false;
  rule.seen++;
  if (rule.nth !== undefined && rule.seen !== rule.nth) return false;
  return rule.probability === undefined || random.next() < rule.probability;
}

function pathFits(pattern: string, path: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(path);
}
