/** How the people of a batch of SMS ended, and what an error of a step says about what may have happened. */
import {
  AmbiguousError,
  ChannelStoppedError,
  PermanentError,
  TransientError,
  toError,
} from '@leadwire/shared/errors';
import {
  RECIPIENT_CODES,
  type AddedRecipient,
  type CampaignRecipient,
  type CampaignText,
} from '@leadwire/shared/providers/mobizon/campaigns';
import type { PreparedBatch, RecipientResult } from './channel.ts';

/** What is sent, apart from the draft's name. */
export interface SmsBody {
  campaign: Omit<CampaignText, 'name'>;
  /** In the order of the batch. */
  people: (CampaignRecipient & { id: string })[];
  /** What each person's text is billed as, by their ids. */
  segments: ReadonlyMap<string, number>;
  /** Nobody pays for an SMS to them. */
  refused: RecipientResult[];
}

/** Whether everybody who is sent to has a message id, without which no report would find them. */
export function isComplete(results: readonly RecipientResult[]): boolean {
  return results.every(({ status, providerId }) => status !== 'sent' || providerId !== undefined);
}

export function resultsOf(
  people: SmsBody['people'],
  added: readonly AddedRecipient[],
): RecipientResult[] {
  const byNumber = new Map(added.map((one) => [one.number, one]));
  return people.map(({ id, number }) => {
    const answer = byNumber.get(number);
    if (!answer) return { id, status: 'unknown', reason: 'not_answered_by_provider' };
    const { code, messageId } = answer;
    const outcome = RECIPIENT_CODES[code] ?? 'failed';
    if (outcome === 'added') {
      return { id, status: 'sent', ...(messageId !== undefined && { providerId: messageId }) };
    }
    const reason = outcome === 'skipped' ? 'stop_list' : 'refused_by_provider';
    return { id, status: outcome, reason, error: `Mobizon: code ${code} for the number` };
  });
}

export function everybody({ body }: PreparedBatch, reason: string): RecipientResult[] {
  return (body as SmsBody).people.map(({ id }) => ({ id, status: 'failed', reason }));
}

/** A result with what the message costs, where one goes out. */
export function billed(result: RecipientResult, segments: SmsBody['segments']): RecipientResult {
  const count = result.status === 'sent' ? segments.get(result.id) : undefined;
  return count === undefined ? result : { ...result, segments: count };
}

/** Runs a step that sends nothing whatever becomes of it: what may have been done may be done again. */
export async function harmless<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (thrown) {
    if (!(thrown instanceof AmbiguousError)) throw thrown;
    const { message, outage } = thrown;
    throw new TransientError(message, { cause: toError(thrown), outage });
  }
}

/** The people of a draft stay with it: told as something that may have happened, so that the next try looks first. */
export function keepsDraft(thrown: unknown): unknown {
  const error = toError(thrown);
  const isOver = [AmbiguousError, ChannelStoppedError, PermanentError].some(
    (one) => error instanceof one,
  );
  if (isOver || !(error instanceof TransientError)) return thrown;
  const { message, outage, retryAfterMs } = error;
  const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
  return new AmbiguousError(message, { cause: error, outage, ...retry });
}
