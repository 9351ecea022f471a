/** Short links: which lead, which message, where to. Read at every click, so they live in the broker. */
import { z } from 'zod';
import { isConflict, type Bus } from '../broker/bus.ts';
import { TransientError, toError } from '../errors.ts';
import { deliverySchema, type Delivery } from '../contract/events.ts';
import { derivedCode } from '../contract/ids.ts';

const linkSchema = deliverySchema.extend({
  code: z.string(),
  url: z.url({ protocol: /^https?$/ }),
});
export type ShortLink = z.infer<typeof linkSchema>;

/** 56^7 codes: with a million links one in 1.7 million guesses hits; the pages hold no personal data. */
const CODE_LENGTH = 7;
/** Codes grow to this length when shorter ones are taken by chance. An SMS has to have room for it. */
export const LONGEST_CODE = 9;

export interface ShortLinks {
  /** The link of a delivery: the same one whenever it is asked for. */
  ensure(delivery: Delivery, url: string): Promise<ShortLink>;
  find(code: string): Promise<ShortLink | undefined>;
}

/** All methods throw TransientError when the broker does not answer. */
export function createShortLinks(bus: Bus): ShortLinks {
  const find = async (code: string): Promise<ShortLink | undefined> => {
    try {
      const found = await (await bus.bucket('short_links')).get(code);
      return found?.operation === 'PUT' ? linkSchema.parse(found.json()) : undefined;
    } catch (thrown) {
      throw new TransientError('short links cannot be read', {
        cause: toError(thrown),
        outage: true,
      });
    }
  };

  return {
    find: async (code) => (/^[0-9A-Za-z]{1,32}$/.test(code) ? find(code) : undefined),
    async ensure(delivery, url) {
      const { deliveryId, leadId, channel, template } = delivery;
      // The code follows from the delivery, so a repeat finds its own; two deliveries that share
      // one by chance take the next character.
      for (let length = CODE_LENGTH; length <= LONGEST_CODE; length += 1) {
        const code = derivedCode(deliveryId, length);
        const link = { code, url, deliveryId, leadId, channel, template };
        try {
          await (await bus.bucket('short_links')).create(code, JSON.stringify(link));
          return link;
        } catch (thrown) {
          if (!isConflict(thrown)) {
            throw new TransientError('a short link was not stored', {
              cause: toError(thrown),
              outage: true,
            });
          }
          const existing = await find(code);
          if (existing?.deliveryId === deliveryId) return existing;
        }
      }
      throw new TransientError('no short code is free');
    },
  };
}
