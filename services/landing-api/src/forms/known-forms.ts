/**
 * The forms that may post, as the bucket `intake_forms` holds them; lead-store fills it from the table. A copy is kept
 * on the disk: a form is known, with its kind and secret, also to a process that starts while the broker is away.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toError } from '@leadwire/shared/errors';
import type { Bus } from '@leadwire/shared/broker/bus';
import { FORMS_KEY, formListSchema, type IntakeForm } from '@leadwire/shared/contract/intake-forms';
import { newId } from '@leadwire/shared/contract/ids';
import type { Log } from '@leadwire/shared/runtime/log';
import { inTime } from '../webhooks/hook-guards.ts';

/** A change in the table is seen within this time, besides what lead-store takes. */
const FRESH_MS = 1_000;
/** Posts to forms that do not exist ask the broker no more often than this. */
const JUST_NOW_MS = 100;
/** A lead does not wait longer for the forms: the ones known before serve it. */
const PATIENCE_MS = 500;

export interface KnownForms {
  find(slug: string): Promise<IntakeForm | undefined>;
  all(): Promise<readonly IntakeForm[]>;
}

export interface KnownFormsPorts {
  bus: Pick<Bus, 'bucket'>;
  /** The folder of the copy: the journal's. */
  dir: string;
  log: Log;
}

/** Never throws: what cannot be read is as it was before. */
export function createKnownForms({ bus, dir, log }: KnownFormsPorts): KnownForms {
  const file = join(dir, 'forms.json');
  let forms: readonly IntakeForm[] | undefined;
  let text = '';
  let readAt = 0;
  let reading: Promise<void> | undefined;

  const readCopy = async (): Promise<void> => {
    const copy = await readFile(file, 'utf8').catch(() => undefined);
    const known = copy === undefined ? undefined : parse(copy);
    if (known !== undefined) forms ??= known;
  };

  const writeCopy = async (): Promise<void> => {
    const own = `${file}.${newId()}`;
    await writeFile(own, text, { mode: 0o600 });
    await rename(own, file);
  };

  const readBucket = async (): Promise<void> => {
    const entry = await (await bus.bucket('intake_forms')).get(FORMS_KEY);
    const now = entry?.operation === 'PUT' ? entry.string() : '[]';
    if (now === text) return;
    const known = parse(now);
    if (known === undefined) throw new TypeError('the bucket holds no list of forms');
    forms = known;
    text = now;
    await writeCopy();
  };

  const refresh = async (freshMs = FRESH_MS): Promise<void> => {
    if (forms !== undefined && Date.now() - readAt < freshMs) return;
    reading ??= readBucket()
      .catch((thrown: unknown) => {
        log.warn({ err: toError(thrown) }, 'the forms could not be read: those known before serve');
      })
      .finally(() => {
        readAt = Date.now();
        reading = undefined;
      });
    await inTime(reading, PATIENCE_MS).catch(() => undefined);
    if (forms === undefined) await readCopy();
  };

  const all = async (): Promise<readonly IntakeForm[]> => {
    await refresh();
    return forms ?? [];
  };

  return {
    all,
    async find(slug) {
      const find = () => forms?.find((form) => form.slug === slug);
      await refresh();
      // Added a moment ago, perhaps: the first lead of a form is not to be a stranger's.
      if (find() === undefined) await refresh(JUST_NOW_MS);
      return find();
    },
  };
}

function parse(text: string): IntakeForm[] | undefined {
  try {
    return formListSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
