/** Sends a campaign's message to given addresses, as its first person would get it. */
import type { Channel } from '@leadwire/shared/contract/events';
import { contactFor } from '@leadwire/shared/contacts/contacts';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { derivedId } from '@leadwire/shared/contract/ids';
import type { MobizonClient } from '@leadwire/shared/providers/mobizon/messages';
import type { ResendClient } from '@leadwire/shared/providers/resend';
import type { CampaignRecipient, ThawedCampaign } from '@leadwire/templates/frozen-campaign';
import type { Campaign } from '../campaigns/campaign-store.ts';

export interface TestSendPorts {
  resend: Pick<ResendClient, 'turn' | 'send'>;
  mobizon: Pick<MobizonClient, 'turn' | 'send' | 'find'>;
  mailFrom: string;
  smsFrom: string | undefined;
}

export interface TestSend {
  campaign: Pick<Campaign, 'id' | 'template' | 'channel'>;
  texts: ThawedCampaign;
  person: CampaignRecipient;
  at: Date;
  /** In their normal form. */
  to: readonly string[];
  /** The same for a repeat of the same request, which then reaches nobody twice. */
  key: string;
  /** Whether this may be a repeat: an SMS is then looked for before it is sent. */
  mayBeRepeated: boolean;
}

/** What became of one address; `error` without contact data. */
export interface TestSent {
  to: string;
  sent: boolean;
  error?: string;
}

/** In the subject, so that nobody takes it for the real one. */
const MARK = '[Тест] ';
/** How long a repeat of the same request finds its SMS. */
const REPEAT_WINDOW_MS = 24 * 60 * 60_000;

/** The addresses in their normal form. @throws RequestError 422 for one that is none. */
export function readTestAddresses(
  channel: Channel,
  typed: readonly string[],
  smsRefusal?: (phone: string) => string | undefined,
): string[] {
  const read = typed.map((one) => {
    const found = contactFor(channel, one);
    const reason =
      channel === 'sms' && 'contact' in found ? smsRefusal?.(found.contact) : undefined;
    return reason === undefined ? found : { reason };
  });
  const issues = read.flatMap((each, index) =>
    'reason' in each ? [{ path: `to.${index}`, message: each.reason }] : [],
  );
  if (issues.length > 0) throw new RequestError(422, 'not every address can be used', issues);
  return [...new Set(read.flatMap((each) => ('contact' in each ? [each.contact] : [])))];
}

/** Sends to one address after the other; one that is refused does not stop the others. */
export async function sendTests(ports: TestSendPorts, test: TestSend): Promise<TestSent[]> {
  const results: TestSent[] = [];
  for (const to of test.to) {
    const deliveryId = derivedId('test', test.campaign.id, test.key, to);
    const send = test.campaign.channel === 'email' ? sendMail : sendSms;
    results.push(
      await send(ports, test, { to, deliveryId }).then(
        () => ({ to, sent: true }),
        (thrown: unknown) => ({ to, sent: false, error: wordsFor(thrown) }),
      ),
    );
  }
  return results;
}

interface Addressed {
  to: string;
  deliveryId: string;
}

async function sendMail(
  { resend, mailFrom }: TestSendPorts,
  { texts, person, at, campaign }: TestSend,
  { to, deliveryId }: Addressed,
): Promise<void> {
  const { subject, html, text } = texts.mail(person, at);
  const mail = { from: mailFrom, to, subject: `${MARK}${subject}`, html, text };
  const tags = [{ name: 'template', value: campaign.template }];
  await resend.turn();
  await resend.send({ ...mail, tags }, `campaign-test-${deliveryId}`, {});
}

/** The text is the real one to the letter, because its length is what it costs. */
async function sendSms(
  { mobizon, smsFrom }: TestSendPorts,
  { texts, person, at, mayBeRepeated }: TestSend,
  { to, deliveryId }: Addressed,
): Promise<void> {
  const { text } = texts.sms(person, at);
  const recipient = to.replace(/\D/g, '');
  const sms = { recipient, text, ...(smsFrom !== undefined && { from: smsFrom }) };
  const token = `leadwire-test:${deliveryId}`;
  // By its token alone: the same text went to the same number for another test.
  const asTold = { recipient, text: token };
  const since = new Date(Date.now() - REPEAT_WINDOW_MS);
  if (mayBeRepeated && (await mobizon.find(asTold, token, since, {})) !== undefined) return;
  await mobizon.turn();
  await mobizon.send(sms, token, {});
}

/** The providers' errors are in our words already and name nobody. */
function wordsFor(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'not sent';
}
