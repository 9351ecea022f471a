/** The three addresses that forms post to. */
import type { FastifyBaseLogger, FastifyInstance, onRequestHookHandler } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { RequestError, problemSchema } from '@leadwire/shared/service/http-problems';
import { contentHash } from '@leadwire/shared/contract/ids';
import { ownCounter } from '../edge-guards.ts';
import { proftestForm, purchaseForm, readLead, type Form } from '../handler.ts';
import { leadIdFor, type Intake } from '../intake/intake.ts';
import type { LandingMeasures } from '../measures.ts';
import type { RequestTraces } from './attribution.ts';
import type { Challenge } from './challenge.ts';
import { acceptOtherSenders, isBuilder, tracesOf } from './other-senders.ts';
import {
  submissionHeaders,
  submissionKey,
  submissionSchema,
  type Submission,
} from './submission.ts';

const acceptedSchema = z.object({ success: z.literal(true), leadId: z.uuid() });

const repeatedSchema = acceptedSchema.extend({ duplicate: z.literal(true).optional() });
type Accepted = z.infer<typeof acceptedSchema> | z.infer<typeof repeatedSchema>;

const responses = {
  200: repeatedSchema.meta({
    description:
      'The same submission was taken before: the same lead. Page builders hear this in any case.',
  }),
  201: acceptedSchema.meta({ description: 'The lead is stored and will not be lost.' }),
  400: problemSchema.meta({ description: 'No JSON, or nobody could be reached.' }),
  413: problemSchema.meta({ description: 'The body is larger than 32 KiB.' }),
  403: problemSchema.meta({ description: 'A browser posted from a page that is not ours.' }),
  415: problemSchema.meta({
    description: 'The body is neither JSON nor a form by its content type.',
  }),
  429: problemSchema.meta({ description: 'Too many requests: wait for Retry-After seconds.' }),
  503: problemSchema.meta({ description: 'Not stored: try again after Retry-After seconds.' }),
};

const schemaOf = (summary: string) => ({
  tags: ['forms'],
  summary,
  headers: submissionHeaders,
  body: submissionSchema,
  response: responses,
});

export interface LandingPorts {
  intake: Intake;
  measures: Pick<LandingMeasures, 'submissions'>;
  now: () => Date;
  /** What visitors have to pass, if anything. */
  challenge?: Challenge | undefined;
  /** Posts of one address. */
  formsPerMinute?: number;
  /** Runs before a body is read: refuses pages that are not ours. */
  guard?: onRequestHookHandler;
}

/** Adds the form routes. They answer 201 for a new lead, 200 for a repeat of one. */
export function addLandingRoutes(app: FastifyInstance, ports: LandingPorts): void {
  // A scope of its own: nobody else here takes forms.
  void app.register((scope, _options, done) => {
    acceptOtherSenders(scope);
    if (ports.guard) scope.addHook('onRequest', ports.guard);
    addRoutes(scope, ports);
    done();
  });
}

function addRoutes(app: FastifyInstance, ports: LandingPorts): void {
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const config = ownCounter(ports.formsPerMinute);
  const submit = async (
    request: PageRequest,
    reply: { code(status: number): unknown },
    form: Form,
  ): Promise<Accepted> => {
    const isPassed = (await ports.challenge?.(request.challengeToken, request.ip)) ?? true;
    const picked = { ...pickRequest(request), isChallengeFailed: !isPassed };
    const answer = await acceptSubmission(ports, picked, form);
    reply.code('duplicate' in answer || isBuilder(request) ? 200 : 201);
    return answer;
  };

  typed.post(
    '/api/landing/proftest',
    { config, schema: schemaOf('A finished career test') },
    (request, reply) => submit(request, reply, proftestForm(undefined)),
  );
  typed.post(
    '/api/landing/proftest/:slug',
    {
      config,
      schema: {
        ...schemaOf('A finished career test on a landing page of its own'),
        params: z.object({
          slug: z
            .string()
            .meta({ description: 'Becomes the campaign, and source proftest_<slug>.' }),
        }),
      },
    },
    (request, reply) => submit(request, reply, proftestForm(request.params.slug)),
  );
  typed.post(
    '/api/landing/submit',
    { config, schema: schemaOf('A course purchase') },
    (request, reply) => submit(request, reply, purchaseForm),
  );
}

interface PageRequest {
  ip: string;
  challengeToken: string | undefined;
  body: Submission;
  headers: { 'idempotency-key'?: string | undefined };
  log: FastifyBaseLogger;
}

function pickRequest({ body, headers, log }: PageRequest): FormRequest {
  const key = submissionKey(headers['idempotency-key'], body);
  return { body, key, log, traces: tracesOf(headers) };
}

interface FormRequest {
  body: Submission;
  /** Names the submission: the same key with the same content is the same lead. */
  key: string | undefined;
  log: FastifyBaseLogger;
  traces?: RequestTraces;
  isChallengeFailed?: boolean;
  /** What two posts have in common when they are the same submission; all that was sent, unless it is told. */
  content?: Submission;
}

/** @throws RequestError 400 for who cannot be reached; TransientError when it is not stored. */
export async function acceptSubmission(
  { intake, measures, now }: LandingPorts,
  { body, key, log, traces = {}, isChallengeFailed = false, content: same = body }: FormRequest,
  form: Form,
): Promise<Accepted> {
  const count = (outcome: string) => measures.submissions.inc({ kind: form.kind, outcome });
  const reading = readLead(body, form, {
    leadId: leadIdFor(key),
    receivedAt: now(),
    traces,
  });
  if (reading.issues) {
    count('refused');
    throw new RequestError(400, 'the form cannot be used as it is', reading.issues);
  }

  const { lead, isSpam } = reading;
  // A page that notes the time anew at each click sends the same submission.
  const { submissionId: _, consentAt: _at, ...content } = same;
  const { leadId, outcome, quarantine } = await intake
    .accept({
      lead,
      quarantine: isSpam ? 'honeypot' : isChallengeFailed ? 'challenge' : undefined,
      contentHash: contentHash({ source: form.source, content }),
      isKeyed: key !== undefined,
    })
    .catch((thrown: unknown) => {
      count('unavailable');
      throw thrown;
    });
  const isNew = outcome === 'created' || outcome === 'journalled';
  count(quarantine !== undefined && isNew ? 'quarantined' : outcome);
  log.info({ leadId, source: form.source, outcome, quarantine }, 'submission');

  return outcome === 'duplicate'
    ? { success: true, leadId, duplicate: true }
    : { success: true, leadId };
}
