/** Erasing people: found everywhere, gone everywhere, also after an interruption at any step and after a restore. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { app as leadStoreApp } from '@leadwire/lead-store/app';
import type { Bus } from '@leadwire/shared/broker/bus';
import { contactHash } from '@leadwire/shared/contacts/contact-hash';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { isErased } from '@leadwire/shared/delivery/erasure-list';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { CONTACT_HASH_SECRET as secret } from '@leadwire/testing/settings';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { readCertificates } from '../src/person/certificate.ts';
import { applyErasures, erasePerson, foreseeErasure, takeErasures } from '../src/person/erase.ts';
import type { PersonParts } from '../src/person/person-parts.ts';
import { placesWith as searchBytes } from './byte-search.ts';
import { dealAbout, messagesTo, rejectAbout, rowsAbout } from './scattered.ts';

let broker: TestBroker;
let supabase: TestSupabase;
let bus: Bus;
let leadStore: ServiceHere;
let journalDir: string;
let parts: PersonParts;
const edited: string[] = [];
const crmCalls: string[] = [];
/** Accounts of the main project, which is not of this rig. */
const mainUsers: Record<string, unknown>[] = [];
const asRow = (row: Record<string, unknown>) => ({ at: '(0,1)', mark: '', row });

beforeAll(async () => {
  journalDir = mkdtempSync(path.join(tmpdir(), 'leadwire-journal-'));
  mkdirSync(path.join(journalDir, 'new'));
  [broker, supabase] = await Promise.all([startNats(), startSupabase()]);
  bus = await openTestBus(broker, 'test');
  leadStore = await startServiceHere(leadStoreApp, { NATS_URL: broker.url, ...supabase.env });
  const { env } = supabase;
  parts = {
    bus,
    actor: 'cli:test',
    secret,
    journalDir,
    databases: {
      landing: createDatabase({
        project: 'landing',
        url: env.LANDING_SUPABASE_URL,
        serviceKey: env.LANDING_SUPABASE_SERVICE_KEY,
      }),
      tripwire: createDatabase({
        project: 'tripwire',
        url: env.TRIPWIRE_SUPABASE_URL,
        serviceKey: env.TRIPWIRE_SERVICE_ROLE_KEY,
      }),
    },
    main: {
      call: (_name, _args, schema) =>
        Promise.resolve(schema.parse({ rows: mainUsers.map(asRow), next: null })),
    },
    // An account in which somebody has deleted the cards; with cards: empty-crm.int.test.ts.
    amocrm: {
      request: ({ method, path: asked }) => {
        crmCalls.push(`${method} ${asked}`);
        return Promise.resolve(undefined);
      },
    },
    editNotice: (chatId, messageId, text) => {
      edited.push(`${chatId}:${messageId} ${text}`);
      return Promise.resolve(true);
    },
  };
});
afterAll(async () => {
  await leadStore.stop();
  await bus.drain();
  await Promise.all([broker.close(), supabase.close()]);
  rmSync(journalDir, { recursive: true, force: true });
});

const publishLead = (lead: Lead) =>
  bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));

const rowOf = async ({ leadId }: Lead) => {
  const query =
    'select name, email, phone, metadata, utm_source, consent_at from landing_leads where id = $1';
  const [landing] = await supabase.landing.sql(query, [leadId]);
  const other = 'select name, email, phone from lead_tracking where lead_id = $1';
  const [tripwire] = await supabase.tripwire.sql(other, [leadId]);
  return landing && tripwire ? landing : undefined;
};

const isStored = (lead: Lead) =>
  waitFor(() => rowOf(lead), { timeoutMs: 60_000, what: 'the rows of the lead' });

/** Leaves something of the person in every kind of place. */
async function scatter(lead: Lead): Promise<void> {
  const { leadId, phone, email } = lead;
  await publishLead(lead);
  await isStored(lead);
  await messagesTo(bus, lead);
  const rejectId = newId();
  const reject = rejectAbout(lead, rejectId);
  await bus.publish(
    subjects.intakeRejected(rejectId),
    makeEvent('intake.rejected.v1', { source: 'test', subject: rejectId, data: reject }),
  );
  const suppressed = {
    reason: 'bounced' as const,
    source: 'resend',
    at: new Date().toISOString(),
    channel: 'email' as const,
    contact: email!,
  };
  await bus.publish(
    subjects.contactSuppressed(newId()),
    makeEvent('contact.suppressed.v1', { source: 'test', subject: leadId, data: suppressed }),
  );
  await bus.publish(subjects.crm('synced', leadId), dealAbout(lead));
  await (await bus.bucket('lead_owners')).put(leadId, JSON.stringify({ by: 'Марат' }));
  await (await bus.bucket('crm_map')).put(`person.${contactHash(secret, phone!)}`, '{}');
  const waiting = JSON.stringify({ version: 1, event: leadCreated({ ...lead, leadId: newId() }) });
  writeFileSync(path.join(journalDir, 'new', `1-${newId()}.json`), waiting);
  const rows = rowsAbout(lead);
  for (const row of rows) await supabase.landing.sql(`insert into ${row}`);
  await waitFor(
    async () => {
      const query = `select id from intake_rejects where id = '${rejectId}'`;
      return ((await supabase.landing.sql(query)) as unknown[]).length > 0;
    },
    { timeoutMs: 60_000, what: 'the reject in its table' },
  );
}

const placesWith = (words: readonly string[]) => {
  const { logs } = leadStore;
  return searchBytes({ folders: [broker.storeDir!, journalDir], supabase, logs }, words);
};

describe('a person who is erased', () => {
  const lead = someLead({
    name: 'Жаннаттест',
    phone: '+77000007701',
    email: 'Zhannat.T@leadwire-sample.kz',
    metadata: { note: 'Жаннаттест' },
    consentAt: new Date().toISOString(),
    consentText: 'Я, Жаннаттест, согласна',
  });
  const words = ['Жаннаттест', '7000007701', 'zhannat.t@', 'Zhannat.T@', '700 000 77 01'];
  const other = someLead({ name: 'Соседка', phone: '+77000007702' });

  test('is gone from every place, however often it was interrupted; nobody else is', async () => {
    await publishLead(other);
    await scatter(lead);
    const account = `insert into tripwire_users (email, full_name) values ($1, 'Ученица') returning id`;
    const [own] = await supabase.tripwire.sql(account, [lead.email!.toLowerCase()]);
    await supabase.tripwire.sql(account, ['other@leadwire-sample.kz']);
    mainUsers.push({ id: 'u-1', phone: '87000007701' }, { id: 'u-2', phone: '87000007702' });
    const before = await placesWith(words);
    expect(before.length).toBeGreaterThan(12);
    // No key of the ledger has a contact: it is what was written over, when a message was sent.
    expect(before.join()).toContain('KV_deliveries');
    const foreseen = await foreseeErasure(parts, '8 700 000 77 01');
    expect(foreseen.contacts).toHaveLength(2);

    const seen: string[] = [];
    const onStep = (step: string) => {
      if (seen.includes(step)) return;
      seen.push(step);
      throw new Error('killed');
    };
    for (;;) {
      // Some runs look anew, by the other contact: nobody remembers which one it was.
      const typed = seen.length % 8 === 7 ? lead.email! : undefined;
      const next = typed === undefined ? foreseen : await foreseeErasure(parts, typed);
      expect(next.certificate.erasureId).toBe(foreseen.certificate.erasureId);
      const end = await erasePerson({ ...parts, onStep }, next).catch((e: Error) => e.message);
      if (end !== 'killed') break;
    }
    expect(seen).toEqual(
      expect.arrayContaining([
        ...['list', 'messages', 'ledger', 'notices', 'amocrm', 'stream LEADS', 'freed space'],
      ]),
    );

    await isStored(other);
    expect(await placesWith(words)).toEqual(['tripwire.tripwire_users']);
    expect(await rowOf(lead)).toMatchObject({
      name: null,
      email: null,
      consent_at: null,
      utm_source: 'instagram',
    });
    expect(await rowOf(other)).toMatchObject({ name: 'Соседка', phone: other.phone });
    expect(edited).toContainEqual('-100:7 Данные заявки удалены по просьбе человека.');
    const [mail] = await createLedger(bus).ofLead(lead.leadId);
    expect(mail).toMatchObject({ state: 'skipped', reason: 'cancelled' });
    const people = 'select status, reason from campaign_recipients where campaign_id = $1';
    expect(await supabase.landing.sql(people, [lead.leadId])).toMatchObject([
      { status: 'skipped', reason: 'erased' },
    ]);

    const certificates = await readCertificates(bus);
    expect(certificates).toHaveLength(1);
    expect(certificates).toMatchObject([
      {
        state: 'done',
        by: 'cli:test',
        ids: [lead.leadId],
        places: { amocrm: 2 },
        crm: { contactIds: [77], dealIds: [78], isEmptied: true },
      },
    ]);
    // Accounts are the platform's: told, by ids.
    expect(certificates[0]!.left).toEqual([
      `Курс (tripwire): удалите учётную запись ${String(own!.id)} в таблице tripwire_users.`,
      'Учебная платформа (main): удалите учётную запись u-1 в таблице users.',
    ]);
    await supabase.tripwire.sql('delete from tripwire_users where id = $1', [own!.id]);
    expect(crmCalls).toEqual(
      expect.arrayContaining(['GET /api/v4/contacts/77', 'GET /api/v4/leads/78']),
    );
    expect(Object.keys(certificates[0]!.places).sort()).toEqual(
      expect.arrayContaining(Object.keys(foreseen.places)),
    );
  });

  test('is nobody afterwards, and somebody new who leaves their contacts again', async () => {
    await expect(foreseeErasure(parts, lead.phone!)).rejects.toMatchObject({ problem: 'unknown' });
    const hash = contactHash(secret, lead.phone!);
    expect(await isErased(bus, hash, lead.receivedAt)).toBe(true);
    const again = someLead({ name: 'Снова', phone: lead.phone, email: null });
    expect(await isErased(bus, hash, again.receivedAt)).toBe(false);
    await publishLead(again);
    await isStored(again);
    await applyErasures(parts);
    expect(await rowOf(again)).toMatchObject({ name: 'Снова', phone: lead.phone });
  });

  test('does not come back with a backup of before', async () => {
    const back = someLead({ name: 'Вернувшаяся', phone: '+77000007703' });
    await publishLead(back);
    await isStored(back);
    const { certificate } = await foreseeErasure(parts, back.phone!);
    // The list of the machine that the backup was taken from: the erasure came later.
    await takeErasures(parts, [{ ...certificate, state: 'done' }]);
    expect(await applyErasures(parts)).toMatchObject({ 'stream LEADS': 1 });
    expect(await placesWith(['Вернувшаяся', '7000007703'])).toEqual([]);
  });
});

describe('whoever cannot be told apart', () => {
  test('keeps what somebody else said with the same address', async () => {
    const email = 'family@leadwire-sample.kz';
    const [mother, son] = ['+77000007711', '+77000007712'].map((phone) =>
      someLead({ phone, email }),
    );
    for (const each of [mother!, son!]) await publishLead(each);
    const foreseen = await foreseeErasure(parts, mother!.leadId);
    expect(foreseen).toMatchObject({ contacts: [mother!.phone], shared: [email] });
    await erasePerson(parts, foreseen);
    expect(await bus.lastUnder('LEADS', subjects.anyLead(mother!.leadId))).toBeUndefined();
    expect(await bus.lastUnder('LEADS', subjects.anyLead(son!.leadId))).toBeDefined();
  });

  test('is ended by the lead’s id, of which nothing but the certificate is left', async () => {
    const lead = someLead({ phone: '+77000007721' });
    await publishLead(lead);
    await isStored(lead);
    const foreseen = await foreseeErasure(parts, lead.leadId);
    const onStep = (step: string) => {
      if (step === 'certificate') throw new Error('killed');
    };
    await expect(erasePerson({ ...parts, onStep }, foreseen)).rejects.toThrow('killed');
    const again = await foreseeErasure(parts, lead.leadId.slice(-8));
    const { erasureId } = foreseen.certificate;
    expect(again).toMatchObject({ contacts: [], certificate: { erasureId } });
    expect(await erasePerson(parts, again)).toMatchObject({ state: 'done', ids: [lead.leadId] });
    await expect(foreseeErasure(parts, lead.leadId)).rejects.toMatchObject({ problem: 'unknown' });
  });

  test('is said to be nobody, and nothing changes', async () => {
    const before = (await readCertificates(bus)).length;
    const refusals = ['+77000007799', 'nobody@leadwire-sample.kz', '12', 'no such thing'];
    for (const typed of refusals) {
      await expect(foreseeErasure(parts, typed)).rejects.toMatchObject({ name: 'PersonError' });
    }
    expect(await readCertificates(bus)).toHaveLength(before);
  });
});
