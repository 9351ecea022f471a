/**
 * New deals that wait for their turn of the rate limit at the same moment leave as one call of
 * `leads/complex`. What is a deal's own stays its own: its claim, made at the turn; its refusal, because
 * a refused call is repeated one by one; its doubt, because after a call of which nobody knows the end
 * each is looked for by its own id.
 */
import { z } from 'zod';
import {
  RefusedError,
  type AmoHttp,
  type AmoRequest,
} from '@leadwire/shared/providers/amocrm/http';
import { AmbiguousError } from '@leadwire/shared/errors';
import type { CallContext } from '@leadwire/shared/providers/call-log';
import type { AtTurn, NewContact, NewDeal } from './amocrm-records.ts';

/** https://www.amocrm.ru/developers/content/crm_platform/leads-api: at most 50 in one call. */
const MOST = 50;

export interface Order {
  /** Ours, returned with the answer. */
  id: string;
  deal: NewDeal;
  contact: NewContact;
  context: CallContext;
  /** Throws when this one must not leave after all; the others do. */
  atTurn: AtTurn;
}

export interface Created {
  dealId: number;
  contactId: number | undefined;
}

/** Errors are those of `AmoHttp.request`, and what the order's own `atTurn` throws. */
export type CreateTogether = (order: Order) => Promise<Created>;

interface Waiting extends Order {
  resolve: (created: Created) => void;
  reject: (thrown: unknown) => void;
}

export function createTogether(http: AmoHttp): CreateTogether {
  const waiting: Waiting[] = [];
  let isCollecting = false;

  const send = async (
    collect: () => Promise<Waiting[]>,
    context: CallContext,
  ): Promise<unknown> => {
    let leaving: Waiting[] = [];
    const atTurn = async () => {
      leaving = await collect();
    };
    return http.request({ ...CREATE, context, atTurn, body: () => leaving.map(asItem) });
  };

  const alone = async (one: Waiting): Promise<void> => {
    try {
      settle([one], await send(() => one.atTurn().then(() => [one]), one.context));
    } catch (thrown) {
      one.reject(thrown);
    }
  };

  /** Everybody who has come until it is this call's turn. */
  const together = async (): Promise<void> => {
    let taken: Waiting[] = [];
    const context: CallContext = {};
    const collect = async () => {
      isCollecting = false;
      // Again after a renewed token: those of the first time, and who has come since.
      const coming = [...taken, ...waiting.splice(0, MOST - taken.length)];
      if (waiting.length > 0) begin();
      taken = await whoMayLeave(coming);
      if (taken.length === 0) throw new NobodyLeftError();
      if (taken.length === 1) Object.assign(context, taken[0]?.context);
      return taken;
    };
    try {
      const answer = await send(collect, context);
      settle(taken, answer);
    } catch (thrown) {
      if (thrown instanceof NobodyLeftError) return;
      if (thrown instanceof RefusedError && taken.length > 1) {
        await Promise.all(taken.map(alone));
        return;
      }
      // Not even its turn was reached: what stopped this call stops whoever waits for it.
      const isEarly = taken.length === 0;
      if (isEarly) isCollecting = false;
      for (const one of isEarly ? waiting.splice(0) : taken) one.reject(thrown);
    }
  };

  const begin = (): void => {
    if (isCollecting) return;
    isCollecting = true;
    void together();
  };

  return (order) =>
    new Promise((resolve, reject) => {
      waiting.push({ ...order, resolve, reject });
      begin();
    });
}

const CREATE = {
  action: 'create_deal_and_contact',
  method: 'POST',
  path: '/api/v4/leads/complex',
  isCreate: true,
} as const satisfies AmoRequest;

class NobodyLeftError extends Error {
  override readonly name = 'NobodyLeftError';
}

/** Those whose own last look before they leave finds nothing against it. */
async function whoMayLeave(orders: Waiting[]): Promise<Waiting[]> {
  const may = await Promise.all(
    orders.map((one) =>
      one.atTurn().then(
        () => true,
        (thrown: unknown) => (one.reject(thrown), false),
      ),
    ),
  );
  return orders.filter((_, index) => may[index]);
}

function asItem({ id, deal, contact }: Order) {
  return { ...deal, request_id: id, _embedded: { ...deal._embedded, contacts: [contact] } };
}

/** The answer is a bare array; `request_id` is documented as a list and seen as a text. */
const createdSchema = z.array(
  z.object({
    id: z.number(),
    contact_id: z.number().nullish(),
    request_id: z.union([z.string(), z.array(z.string())]).optional(),
  }),
);

function settle(orders: readonly Waiting[], answer: unknown): void {
  const read = createdSchema.safeParse(answer);
  const made = read.success ? read.data : [];
  for (const { id, resolve, reject } of orders) {
    const own = made.find(({ request_id: named = [] }) => [named].flat().includes(id));
    // One answer to one order needs no name.
    const found = own ?? (orders.length === 1 ? made[0] : undefined);
    if (found) resolve({ dealId: found.id, contactId: found.contact_id ?? undefined });
    else reject(new AmbiguousError('AmoCRM: the answer to a create does not name the deal'));
  }
}
