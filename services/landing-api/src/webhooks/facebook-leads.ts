/**
 * Leads of Facebook's lead forms. A hook brings an id, the lead is fetched; what no hook told of is found by a poll. Both
 * go through one door and one key, `facebook:<id>`, so whoever comes second finds the lead taken.
 */
import { PermanentError, toError } from '@leadwire/shared/errors';
import type { LeadKind } from '@leadwire/shared/contract/events';
import type { IntakeForm } from '@leadwire/shared/contract/intake-forms';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { Log } from '@leadwire/shared/runtime/log';
import { RequestError } from '@leadwire/shared/service/http-problems';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';
import type { KnownForms } from '../forms/known-forms.ts';
import { textOf } from '../forms/fields-of.ts';
import { readForm } from '../forms/read-form.ts';
import type { Rejects } from '../forms/rejects.ts';
import { acceptSubmission, type LandingPorts } from '../forms/routes.ts';
import { customForm } from '../handler.ts';
import type { FacebookGraph } from './facebook-graph.ts';

/** After a start: hooks of a long outage are made up for, and known leads cost one look each. */
const FIRST_LOOK_BACK_MS = 7 * 24 * 60 * 60_000;
/** Lists may lag behind. */
const OVERLAP_MS = 60 * 60_000;
/** Ids that need no second look. */
const MOST_KNOWN = 20_000;
const ALERT = 'facebook_refused';

export interface FacebookPorts extends LandingPorts {
  graph: FacebookGraph;
  forms: Pick<KnownForms, 'all'>;
  rejects: Pick<Rejects, 'keep'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  log: Log;
}

export interface FacebookLeads {
  /** Fetches and takes one. @throws TransientError when it should be told again. */
  takeById(leadgenId: string): Promise<void>;
  startPolling(everyMs: number): BackgroundWork;
}

export function createFacebookLeads(ports: FacebookPorts): FacebookLeads {
  const { graph, forms, rejects, alerts, log, now } = ports;
  const done = new Set<string>();
  /** Not from the start: an earlier process may have told that it does not. */
  let isKnownToGive = false;
  let since = new Date(now().getTime() - FIRST_LOOK_BACK_MS);

  const finish = (id: string): void => {
    done.add(id);
    dropOldest(done, MOST_KNOWN);
  };

  const take = async (lead: Record<string, unknown>): Promise<void> => {
    const { id } = lead;
    if (typeof id !== 'string' || done.has(id)) return;
    const form = formOf(await forms.all(), textOf(lead['form_id']));
    const raw = Buffer.from(JSON.stringify(lead));
    const post = { raw, contentType: 'application/json', headers: {}, query: {}, body: lead };
    const reading = readForm(post, { dialect: 'facebook', mapping: form.mapping });
    if (reading === undefined || reading.isTest) return finish(id);
    const { submissionId: _, ...body } = reading.submission;
    const leadForm = { ...customForm(form), ...(form.isUnknown && { isUnknown: true }) };
    try {
      await acceptSubmission(ports, { body, key: `facebook:${id}`, log }, leadForm);
    } catch (thrown) {
      if (!(thrown instanceof RequestError) || thrown.statusCode !== 400) throw thrown;
      await rejects.keep({
        form: form.slug,
        dialect: 'facebook',
        reason: 'no_contacts',
        fields: reading.fields.map(({ name }) => name).slice(0, 50),
        contentType: 'application/json',
        query: '',
        body: raw.toString('utf8'),
        encoding: 'utf8',
        receivedAt: now().toISOString(),
      });
    }
    finish(id);
  };

  /** Refused access is for a person to mend; the poll takes everything up afterwards. */
  const tellAccess = async (error: PermanentError): Promise<void> => {
    isKnownToGive = false;
    log.error({ err: error }, 'Facebook does not give leads');
    const message =
      'Facebook не отдаёт заявки: токен страницы больше не действует или ему не хватает прав leads_retrieval. ' +
      'Замените FACEBOOK_PAGE_TOKEN и перезапустите landing-api: пропущенные заявки за семь дней придут сами.';
    await alerts.raise({ severity: 'critical', what: ALERT, message });
  };

  return {
    async takeById(leadgenId) {
      if (done.has(leadgenId)) return;
      try {
        await take({ ...(await graph.lead(leadgenId)), id: leadgenId });
      } catch (thrown) {
        if (!(thrown instanceof PermanentError)) throw thrown;
        if (thrown.code === 'facebook_access') await tellAccess(thrown);
        else log.warn({ err: thrown, leadgenId }, 'Facebook told of a lead that it does not have');
      }
    },

    startPolling: (everyMs) =>
      startPeriodic({
        name: 'facebook-poll',
        everyMs,
        onError: (error) => log.warn({ err: error }, 'Facebook could not be asked for leads'),
        async work(signal) {
          const startedAt = now().getTime();
          try {
            for await (const lead of graph.leadsSince(since)) {
              if (signal.aborted) return;
              await take(lead);
            }
            since = new Date(startedAt - OVERLAP_MS);
            if (!isKnownToGive) await alerts.resolve(ALERT, 'Facebook снова отдаёт заявки.');
            isKnownToGive = true;
          } catch (thrown) {
            const error = toError(thrown);
            if (!(error instanceof PermanentError)) throw error;
            await tellAccess(error);
          }
        },
      }),
  };
}

/** The form with Facebook's own number as its slug, or the only one of its dialect, or none that we know. */
function formOf(
  forms: readonly IntakeForm[],
  formId: string | undefined,
): Pick<IntakeForm, 'slug' | 'mapping'> & {
  kind: LeadKind;
  isUnknown?: boolean;
} {
  const ofFacebook = forms.filter(({ dialect, active }) => dialect === 'facebook' && active);
  const own = forms.find(({ slug }) => slug === formId);
  const only = ofFacebook.length === 1 ? ofFacebook[0] : undefined;
  return own ?? only ?? { slug: 'facebook', mapping: {}, kind: 'request', isUnknown: true };
}
