/**
 * The body that the forms post. The forms exist already and cannot be told what to send, so this
 * asks for as little as possible; `handler.ts` makes a lead of it.
 *
 * Too long: the whole body may have 32 KiB and over that is refused (413); within it nothing is.
 * A name is cut at 200 characters, a phone that is no number at 40, a payment method at 100, a UTM
 * value at 500; an address over 254 is no address. Answers and metadata are kept whole: what a
 * person wrote in a test is wanted, and the body's limit bounds it.
 */
import { z } from 'zod';

/** Form fields come as text; some scripts send a phone as a number. Anything else counts as not given. */
const optionalText = z.union([z.string(), z.number()]).nullish().catch(null);

/** 1 to 200 printable ASCII characters. A form that fails to make such a key must not cost the lead. */
const KEY = /^[\x20-\x7E]{1,200}$/;

/**
 * The fields that people do not see and programs fill in. The first means nothing to a browser; the older one is a
 * word that browsers know and fill in by themselves, and is on pages that exist.
 */
export const HONEYPOT_FIELDS = ['lw_topic', 'website'] as const;

export const submissionSchema = z
  .looseObject(
    {
      name: optionalText.meta({
        description: 'Cut at 200 characters; a lead without one is taken and flagged.',
        examples: ['Айгерим Сапарова'],
      }),
      email: optionalText.meta({
        description: 'An address, or a phone, is required; one that is unusable is flagged.',
        examples: ['aigerim@mail.kz'],
      }),
      phone: optionalText.meta({
        description: 'As people type it; Kazakhstan is assumed where no country is given.',
        examples: ['8 (705) 123-45-67'],
      }),
      answers: z
        .unknown()
        .optional()
        .meta({
          description: 'The answers of the test, in any form.',
          examples: [{ interest: 'design', score: 87 }],
        }),
      paymentMethod: optionalText.meta({
        description: 'kaspi, halyk or robokassa. Any other value is accepted and kept.',
        examples: ['kaspi'],
      }),
      utm: z
        .unknown()
        .optional()
        .meta({
          description:
            'Attribution: { source, medium, campaign, content, term }; or utm_source… or utmSource… beside the other fields.',
          examples: [{ source: 'instagram', medium: 'cpc', campaign: 'spring' }],
        }),
      metadata: z.unknown().optional().meta({
        description: 'Anything else. Unknown fields of the body are added to it.',
      }),
      consent: z
        .unknown()
        .optional()
        .meta({
          description: 'That the person agreed: true, yes, on, 1 or the words that they agreed to.',
          examples: [true],
        }),
      consentAt: optionalText.meta({
        description:
          'When they agreed: ISO 8601, or seconds or milliseconds since 1970. Without it, when it came.',
        examples: ['2026-11-29T12:30:00+05:00'],
      }),
      consentText: optionalText.meta({
        description: 'The words that they agreed to.',
        examples: ['Согласен на обработку персональных данных'],
      }),
      submissionId: optionalText.meta({
        description: 'The same as the header Idempotency-Key, which goes before it.',
      }),
      [HONEYPOT_FIELDS[0]]: z.unknown().optional().meta({
        description: 'Leave it out or empty: a trap for programs. Filled in, the lead is held.',
      }),
      [HONEYPOT_FIELDS[1]]: z.unknown().optional().meta({
        description:
          'The older name of the trap; browsers fill it in, so better use the other one.',
      }),
    },
    'expected a JSON object with the fields of the form',
  )
  .meta({ description: 'Unknown fields are kept in metadata.' });
export type Submission = z.infer<typeof submissionSchema>;

export const submissionHeaders = z.looseObject({
  'idempotency-key': z.string().optional().meta({
    description:
      'One value for each submission, 1 to 200 printable ASCII characters (any other counts as none), repeated when it is sent again: the repeat answers 200 with the same leadId, at any later time. The same key with other content is a lead of its own.',
  }),
});

/** The key that makes a repeat recognisable, or undefined when the form sent none. */
export function submissionKey(
  header: string | undefined,
  { submissionId }: Submission,
): string | undefined {
  return usableKey(header) ?? usableKey(String(submissionId ?? ''));
}

/** A key as a sender gave it, or undefined when it is none: empty, too long, or not ASCII. */
export function usableKey(given: string | undefined): string | undefined {
  const key = given?.trim() ?? '';
  return KEY.test(key) ? key : undefined;
}
