/**
 * Words that people wrote in place of a message's own, as the bucket `message_texts` holds them; lead-store fills it
 * from the table. They are in memory when a message is composed: no message waits for them, and while the broker or the
 * database is away the last known ones hold.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { compileOwnText } from '@leadwire/templates/own-texts/own-template';
import { ownTextSchema } from '@leadwire/templates/own-texts/own-text';
import type { TemplateFiles } from '@leadwire/templates/template-files';
import type { TemplateError } from '@leadwire/templates/templates';
import {
  loadTemplates,
  templateNames,
  type TemplateName,
  type Templates,
} from '@leadwire/templates/templates';
import { z } from 'zod';

/** A new version is heard of within this time. */
const EVERY_MS = 3_000;
const STREAM = 'KV_message_texts';

const heldSchema = z.object({ version: z.number(), content: ownTextSchema });

export interface OwnMessages {
  /** The product's texts with these words in them. */
  templates: Templates;
  /** Resolves when the first look is over, well or not: without the broker nothing is sent anyway. */
  known: () => Promise<void>;
  /** Looks every few seconds. */
  start: () => BackgroundWork;
  /** Looks now. @throws what the broker throws */
  refresh: () => Promise<void>;
}

export interface OwnMessagesPorts {
  bus: Pick<Bus, 'bucket' | 'manager'>;
  log: Log;
  /** Refuses words that this service could not send, beside what `Templates.accept` refuses. @throws Error */
  refuse?: (name: TemplateName, templates: Templates) => void;
}

export async function createOwnMessages({
  bus,
  log,
  refuse,
}: OwnMessagesPorts): Promise<OwnMessages> {
  const messages = new Map<string, TemplateFiles>();
  const onFailure = (template: TemplateName, err: Error) =>
    log.error(
      { template, err },
      'words of one’s own cannot be filled in: the built-in ones went out',
    );
  const templates = await loadTemplates(undefined, { messages, onFailure });
  const held = new Map<string, number>();
  let lastSequence: number | undefined;

  /** What cannot be sent leaves the words that were there, and is told once. */
  const take = async (name: TemplateName, json: unknown): Promise<void> => {
    try {
      const { version, content } = heldSchema.parse(json);
      const files = await compileOwnText(name, content);
      templates.accept(name, files);
      if (refuse) {
        const alone = { messages: new Map([[name, files]]), onFailure: raise };
        refuse(name, await loadTemplates(undefined, alone));
      }
      messages.set(name, files);
      log.info({ template: name, version }, 'words of one’s own hold');
    } catch (thrown) {
      log.error({ template: name, err: toError(thrown) }, 'words of one’s own cannot be used');
    }
  };

  const refresh = async (): Promise<void> => {
    const { state } = await (await bus.manager()).streams.info(STREAM);
    if (state.last_seq === lastSequence) return;
    const bucket = await bus.bucket('message_texts');
    for (const name of templateNames) {
      const entry = await bucket.get(name);
      if (entry?.operation === 'PUT') {
        if (held.get(name) !== entry.revision) await take(name, entry.json());
        held.set(name, entry.revision);
      } else if (held.delete(name) && messages.delete(name)) {
        log.info({ template: name }, 'the built-in words hold again');
      }
    }
    lastSequence = state.last_seq;
  };

  let hasLooked: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (hasLooked = resolve));
  return {
    templates,
    refresh,
    known: () => first,
    start() {
      return startPeriodic({
        name: 'own-messages',
        everyMs: EVERY_MS,
        onError: (err) =>
          log.warn({ err }, 'words of messages could not be read: those known before hold'),
        work: () => refresh().finally(hasLooked),
      });
    },
  };
}

function raise(_name: TemplateName, error: TemplateError): never {
  throw error;
}
