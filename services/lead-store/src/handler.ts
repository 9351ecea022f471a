/**
 * Writes what happened into the read model. Everything here may be repeated and may come in any order:
 * the functions of the migrations let a status only move forward.
 */
import { createBatch } from '@leadwire/shared/consumer/micro-batch';
import type {
  AuditRecorded,
  CrmRecorded,
  DeliveryRecorded,
  EventOf,
  LeadCreated,
} from '@leadwire/shared/contract/events';
import type { Database } from '@leadwire/shared/providers/supabase';
import { identityOf } from './people.ts';

/** Large enough to catch up fast after an outage, small enough for one request of about 100 KiB. */
const MAX_ROWS = 100;
/** Nobody sees this delay, and under load it is what makes one write out of many events. */
const MAX_WAIT_MS = 20;

/** Held leads of versions that knew one reason only. */
const OLD_REASON = 'honeypot';

type LeadEvent = LeadCreated | EventOf<'lead.quarantined.v1'>;

/** Rows for `public.leadwire_store_*`; each function resolves when its row is written. */
export interface LeadStore {
  storeLead: (event: LeadEvent) => Promise<void>;
  storeOutcome: (event: DeliveryRecorded) => Promise<void>;
  storeCall: (event: EventOf<'provider.called.v1'>) => Promise<void>;
  storeDeal: (event: CrmRecorded) => Promise<void>;
  storeAssignment: (event: EventOf<'lead.assigned.v1'>) => Promise<void>;
  storeAudit: (event: AuditRecorded) => Promise<void>;
  storeReject: (event: EventOf<'intake.rejected.v1'>) => Promise<void>;
  storeSale: (event: EventOf<'sale.recorded.v1'> | EventOf<'sale.refunded.v1'>) => Promise<void>;
  storeStudent: (event: EventOf<'student.created.v1'>) => Promise<void>;
}

/** Writes to the landing project: leads, deliveries, deals, the log of integrations, the audit log. */
export function createLeadStore(database: Database): LeadStore {
  const write = (functionName: string) =>
    createBatch<object>({
      write: (rows) => database.storeRows(functionName, rows),
      maxRows: MAX_ROWS,
      maxWaitMs: MAX_WAIT_MS,
    });
  const storeLead = write('leadwire_store_leads');
  const storeOutcome = write('leadwire_store_outcomes');
  const storeProgramClick = write('leadwire_store_program_clicks');
  const storeCall = write('leadwire_store_integration_logs');
  const storeDeal = write('leadwire_store_crm');
  const storeAssignment = write('leadwire_store_assignments');
  const storeAudit = write('leadwire_store_audit');
  const storeReject = write('leadwire_store_rejects');
  const storeSale = write('leadwire_store_sales');
  const storeAttribution = write('leadwire_store_attribution');
  const storeQuarantine = write('leadwire_store_quarantine');
  const storeConsent = write('leadwire_store_consent');
  const tiePerson = write('leadwire_tie_people');

  return {
    async storeLead({ id, type, time, data }) {
      await storeLead({ ...data, eventId: id, quarantined: type === 'lead.quarantined.v1' });
      const { leadId, form, attribution, receivedAt, quarantine = OLD_REASON } = data;
      if (type !== 'lead.created.v1') {
        const releasedAt = type === 'lead.released.v1' ? time : null;
        await storeQuarantine({ leadId, quarantine, releasedAt });
      }
      if (form !== undefined || attribution !== undefined) {
        await storeAttribution({ leadId, form, attribution, receivedAt });
      }
      const { consentAt, consentText } = data;
      if (consentAt !== undefined) await storeConsent({ leadId, consentAt, consentText });
      // What a bot typed is nobody's contact.
      if (type === 'lead.quarantined.v1') return;
      await tiePerson({ leadId, ...identityOf(data), at: receivedAt });
    },
    storeOutcome: ({ id, data: { about, leadId, byProgram, ...data } }) => {
      // A message of the platform has no lead, and its id is not to be taken for one.
      const row = { ...data, ...(about === undefined && { leadId }), eventId: id };
      return byProgram ? storeProgramClick(row) : storeOutcome(row);
    },
    storeCall: ({ id, data }) => storeCall({ ...data, eventId: id }),
    async storeDeal({ id, data }) {
      await storeDeal({ ...data, eventId: id });
      const { leadId, contactId, at } = data;
      if (contactId !== undefined) await tiePerson({ leadId, at });
    },
    storeAssignment: ({ id, data }) => storeAssignment({ ...data, eventId: id }),
    storeAudit: ({ id, data }) => storeAudit({ ...data, eventId: id }),
    storeReject: ({ data }) => storeReject(data),
    async storeSale({ type, data }) {
      const { at, ...sale } = data;
      await storeSale({ ...sale, [type === 'sale.recorded.v1' ? 'soldAt' : 'refundedAt']: at });
      if (type === 'sale.refunded.v1') return;
      const { saleId, studentId } = data;
      await tiePerson({ saleId, studentId, ...identityOf(data), at });
    },
    storeStudent: ({ data }) =>
      tiePerson({ studentId: data.studentId, ...identityOf(data), at: data.receivedAt }),
  };
}

/** Writes to the tripwire project: `lead_tracking`, one row per lead with its statuses. */
export function createTripwireStore(
  database: Database,
): Pick<LeadStore, 'storeLead' | 'storeOutcome'> {
  const storeTracking = createBatch<object>({
    write: (rows) => database.storeRows('leadwire_store_lead_tracking', rows),
    maxRows: MAX_ROWS,
    maxWaitMs: MAX_WAIT_MS,
  });

  return {
    async storeLead({ type, data }) {
      // A held lead is kept in the landing project for a look; the second one is about people.
      if (type !== 'lead.quarantined.v1') await storeTracking(data);
    },
    async storeOutcome({ data }) {
      const status = TRACKED[data.outcome];
      const { leadId, channel, at } = data;
      // Notices to our own groups and messages of the platform are about no lead of the second project's.
      if (status === undefined || channel === 'telegram' || data.about !== undefined) return;
      await storeTracking({
        leadId,
        [`${channel}Status`]: status,
        ...(status === 'sent' && { [`${channel}SentAt`]: at }),
        ...(status !== 'sent' && { [`${channel}Error`]: data.error ?? data.reason }),
      });
    },
  };
}

/** Outcomes that change a status in `lead_tracking`; what providers tell later is not shown there. */
const TRACKED: Partial<Record<DeliveryRecorded['data']['outcome'], string>> = {
  planned: 'pending',
  sent: 'sent',
  failed: 'failed',
  skipped: 'skipped',
  unknown: 'unknown',
};
