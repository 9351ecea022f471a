/** Rows as the services behind the console leave them: leads, a partner and what they brought, a text. */
import type { Lead } from '@leadwire/shared/contract/events';
import type { Rig } from './rig.ts';

type Landing = Pick<Rig, 'landing'>;

export const LEADS = {
  theirs: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001',
  other: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0002',
  hostile: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0003',
};
const PHONE = '+77000001845';
const ADDRESS = 'madina@leadwire-sample.kz';
/** What somebody may type into any field of a form. */
const HOSTILE = `<img src=x onerror=alert(1)>"'&\u202e🙂${'ж'.repeat(10_000)}`;

/** Three leads of other days and sources; of the first one an SMS did not go. */
export async function storeLeads({ landing }: Landing): Promise<void> {
  const { sql } = landing.landing;
  await sql(
    `insert into landing_leads (id, kind, name, email, phone, utm_source, answers, created_at) values
      ('${LEADS.theirs}', 'proftest', 'Мадина Ёлкина', '${ADDRESS}', '${PHONE}', 'Facebook', '{"Ближе": "Цифры"}', now() - interval '1 hour'),
      ('${LEADS.other}', 'purchase', 'Данияр Ахметов', 'daniyar@leadwire-sample.kz', '+77000004007', 'google', '{}', now() - interval '40 days')`,
  );
  await sql(
    `insert into landing_leads (id, kind, name, email, phone, utm_source, utm_content, campaign, answers, amocrm_error, created_at)
     values ($1, 'proftest', $2, $2, $2, $2, $2, $2, jsonb_build_object($2::text, $2::text), $2, now() - interval '2 days')`,
    [LEADS.hostile, HOSTILE],
  );
  await sql(
    `insert into scheduled_notifications (lead_id, channel, template, status, reason, error, failed_at, created_at) values
      ('${LEADS.theirs}', 'sms', 'proftest_sms', 'failed', 'attempts_spent', '402 not enough money for ${PHONE}', now(), now())`,
  );
  await sql('select leadwire_refresh_leads(array(select id from landing_leads))');
}

/** The row as lead-store writes it. */
export async function storeLead({ landing }: Landing, lead: Lead): Promise<void> {
  const { leadId, name, email, phone, utm, quarantine } = lead;
  await landing.landing.sql(
    `insert into landing_leads (id, kind, name, email, phone, utm_source, quarantined, quarantine, created_at)
     values ($1, 'proftest', $2, $3, $4, $5, $6, $7, now())`,
    [leadId, name, email, phone, utm.source ?? null, quarantine !== undefined, quarantine ?? null],
  );
}

export const PARTNER = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0101';
export const CONVERSIONS = {
  pending: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0102',
  held: '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0103',
};

/** A partner with one student to be paid for, and one who seems to be the partner. */
export async function storePartner({ landing }: Landing): Promise<void> {
  const { sql } = landing.landing;
  await sql(
    'insert into referral_referrers (id, name, email, phone, code, clicks) values ($1, $2, $3, $4, $5, 7)',
    [PARTNER, HOSTILE, 'asel@leadwire-sample.kz', '+77000004411', 'asel'],
  );
  const insert =
    'insert into referral_conversions (id, referrer_id, student_id, product, amount, commission, tier, status, reason) values ($1, $2, $3, $4, 50000, $5, 1, $6, $7)';
  await sql(insert, [CONVERSIONS.pending, PARTNER, 's1', HOSTILE, 5000.5, 'pending', null]);
  await sql(insert, [CONVERSIONS.held, PARTNER, 's2', null, 5000, 'held', 'self_referral']);
}

/** A marketer's text of one SMS, in its first version. */
export async function storeText({ landing }: Landing, name: string): Promise<void> {
  const { sql } = landing.landing;
  await sql(
    `insert into message_templates (name, title, version, updated_by) values ($1, 'День', 1, 'x')`,
    [name],
  );
  await sql(
    `insert into message_template_versions (name, version, title, content, author) values ($1, 1, 'День', '{"mail": null, "sms": "Ждём"}', 'x')`,
    [name],
  );
}
