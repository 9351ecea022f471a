import { describe, expect, test } from 'vitest';
import type { DeliveryLine, EffectLine, Evidence, LeadLine } from '../leads/evidence.ts';
import { verify } from '../leads/verifier.ts';
import type { FindingKind } from '../leads/finding.ts';

const DUE_AT = '2026-11-20T10:10:00.000Z';
const SENT_AT = '2026-11-20T10:10:01.000Z';

/** Ledgers of one lead that went well; each test spoils them in one place. */
function goodEvidence(): Evidence & { deliveries: [DeliveryLine, DeliveryLine] } {
  const delivery = (deliveryId: string, channel: 'email' | 'sms'): DeliveryLine => ({
    deliveryId,
    leadId: 'lead',
    channel,
    state: 'sent',
    dueAt: DUE_AT,
  });
  return {
    accepted: [{ key: 'form-1', leadId: 'lead' }],
    shared: new Set(),
    leads: [leadWith(['a@pochta.kz', '+77051234567'])],
    deliveries: [delivery('the-mail', 'email'), delivery('the-sms', 'sms')],
    leadRows: new Set(['lead']),
    rows: new Map([
      ['the-mail', { status: 'sent', providerId: 're_1' }],
      ['the-sms', { status: 'sent', providerId: 'campaign:9' }],
    ]),
    tracking: [{ leadId: 'lead', email: 'sent', sms: 'sent' }],
    effects: [theMail(), theSms()],
  };
}

function leadWith(contacts: string[], unreachable: string[] = []): LeadLine {
  return { leadId: 'lead', place: '1', contacts, unreachable, isPaid: false };
}

function theMail(): EffectLine {
  return { kind: 'mail', to: 'a@pochta.kz', deliveryId: 'the-mail', ids: ['re_1'], at: SENT_AT };
}

function theSms(): EffectLine {
  const ids = ['5', 'campaign:9'];
  return { kind: 'sms', to: '77051234567', deliveryId: 'the-sms', ids, at: SENT_AT };
}

function endAs(
  evidence: ReturnType<typeof goodEvidence>,
  state: DeliveryLine['state'],
  reason?: string,
): void {
  const [mail] = evidence.deliveries;
  Object.assign(mail, { state, reason });
  evidence.rows.set('the-mail', { status: state, providerId: undefined });
  evidence.tracking = [{ leadId: 'lead', email: state, sms: 'sent' }];
}

const withoutMail = [theSms()];

test('finds nothing where all ledgers agree', () => {
  const verdict = verify(goodEvidence());

  expect(verdict.findings).toEqual([]);
  expect(verdict).toMatchObject({ leads: 1, sent: 2, unknown: {} });
});

type Spoil = (evidence: ReturnType<typeof goodEvidence>) => void;

const cases: [what: string, kind: FindingKind, spoil: Spoil][] = [
  [
    'an accepted lead that is not in the stream',
    'lost',
    (evidence) => evidence.accepted.push({ key: 'form-2', leadId: 'another' }),
  ],
  ['a message that was never planned', 'lost', (evidence) => evidence.deliveries.shift()],
  [
    'a message recorded as sent that no provider has',
    'lost',
    (evidence) => (evidence.effects = withoutMail),
  ],
  [
    'a message that was given up',
    'lost',
    (evidence) => {
      endAs(evidence, 'failed', 'attempts_spent');
      evidence.effects = withoutMail;
    },
  ],
  [
    'a message to a reachable person that was skipped',
    'lost',
    (evidence) => {
      endAs(evidence, 'skipped', 'stale');
      evidence.effects = withoutMail;
    },
  ],
  [
    'a mail that was sent twice',
    'doubled',
    (evidence) => evidence.effects.push({ ...theMail(), ids: ['re_2'] }),
  ],
  [
    'a second SMS under another name',
    'doubled',
    (evidence) => evidence.effects.push({ ...theSms(), deliveryId: 'the-mail' }),
  ],
  ['a lead that is in the stream twice', 'doubled', ({ leads }) => leads.push(leadWith([]))],
  [
    'a submission that was answered with two ids',
    'doubled',
    (evidence) => evidence.accepted.push({ key: 'form-1', leadId: 'another' }),
  ],
  [
    'a person who became two leads',
    'doubled',
    ({ leads }) => leads.push({ ...leadWith(['a@pochta.kz'], ['sms']), leadId: 'another' }),
  ],
  [
    'a mail before its time',
    'early',
    (evidence) => (evidence.effects = [{ ...theMail(), at: '2026-11-20T10:09:59.999Z' }, theSms()]),
  ],
  [
    'a message that still waits',
    'unsettled',
    (evidence) => {
      endAs(evidence, 'planned');
      evidence.effects = withoutMail;
    },
  ],
  ['a message whose sender still holds it', 'unsettled', (evidence) => endAs(evidence, 'sending')],
  [
    'a lead without its row',
    'mismatched',
    (evidence) => (evidence.leadRows = new Set(['another'])),
  ],
  ['a delivery without its row', 'mismatched', (evidence) => void evidence.rows.delete('the-mail')],
  [
    'a row that says something else than the ledger',
    'mismatched',
    ({ rows }) => rows.set('the-mail', { status: 'pending', providerId: undefined }),
  ],
  [
    'a row with the id of another message',
    'mismatched',
    ({ rows }) => rows.set('the-mail', { status: 'sent', providerId: 're_7' }),
  ],
  [
    'a second project that says something else',
    'mismatched',
    (evidence) => (evidence.tracking = [{ leadId: 'lead', email: 'sent', sms: 'pending' }]),
  ],
  [
    'a lead that the second project does not know',
    'mismatched',
    (evidence) => (evidence.tracking = []),
  ],
  [
    'a message called failed that was sent',
    'mismatched',
    (evidence) => endAs(evidence, 'failed', 'validation_error'),
  ],
  [
    'a message that nobody planned',
    'mismatched',
    (evidence) => evidence.effects.push({ ...theMail(), to: 'b@pochta.kz', deliveryId: undefined }),
  ],
  ['an unknown end without a reason', 'unexplained', (evidence) => endAs(evidence, 'unknown')],
  [
    'an unknown end for a reason that the scenario does not cause',
    'unexplained',
    (evidence) => endAs(evidence, 'unknown', 'idempotency_key_expired'),
  ],
];

describe('reports', () => {
  test.each(cases)('%s', (_what, kind, spoil) => {
    const evidence = goodEvidence();
    spoil(evidence);
    const { findings, counts } = verify(evidence);

    expect(findings.map((finding) => finding.kind)).toContain(kind);
    expect(counts[kind]).toBeGreaterThan(0);
  });
});

describe('accepts', () => {
  test('an unknown end whose reason the scenario causes, whether it was sent or not', () => {
    const evidence = goodEvidence();
    endAs(evidence, 'unknown', 'idempotency_key_expired');
    const allowed = ['unknown: idempotency_key_expired'];

    expect(verify(evidence, allowed).findings).toEqual([]);
    expect(verify({ ...evidence, effects: withoutMail }, allowed).findings).toEqual([]);
    expect(verify(evidence, allowed).unknown).toEqual({ idempotency_key_expired: 1 });
  });

  test('a skip of somebody who cannot be reached', () => {
    const evidence = goodEvidence();
    evidence.leads = [leadWith(['+77051234567'], ['email'])];
    endAs(evidence, 'skipped', 'email_missing');

    expect(verify({ ...evidence, effects: withoutMail }).findings).toEqual([]);
  });

  test('a lead in the stream whose answer never reached the sender', () => {
    expect(verify({ ...goodEvidence(), accepted: [] }).findings).toEqual([]);
  });
});
