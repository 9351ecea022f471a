/** Pictures of mails, where every process finds them: in the broker, under a name that is made of their bytes. */
import { createHash } from 'node:crypto';
import type { Bus } from '../broker/bus.ts';
import { isConflict } from '../broker/error-codes.ts';
import { orOutage } from '../errors.ts';

/** What mail programs show, Outlook among them; nothing that could hold a program is among these. */
export const pictureTypes = { jpg: 'image/jpeg', png: 'image/png', gif: 'image/gif' } as const;
export type PictureEnding = keyof typeof pictureTypes;

/** A message of the broker holds 512 KB (`max_payload` of deploy/nats.conf); the rest is for its head. */
export const LARGEST_PICTURE = 480 * 1024;

const NAME = /^([0-9a-f]{32})\.(jpg|png|gif)$/;
const AWAY = 'pictures cannot be reached';

export interface StoredPicture {
  bytes: Uint8Array;
  type: (typeof pictureTypes)[PictureEnding];
}

/**
 * Keeps a picture for good and answers its name; the same bytes are one picture, whoever brings them.
 * @throws TransientError when the broker does not answer
 */
export function keepPicture(
  bus: Pick<Bus, 'bucket'>,
  bytes: Uint8Array,
  ending: PictureEnding,
): Promise<string> {
  const name = `${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}.${ending}`;
  return orOutage(AWAY, async () => {
    try {
      await (await bus.bucket('pictures')).create(name, bytes);
    } catch (thrown) {
      if (!isConflict(thrown)) throw thrown;
    }
    return name;
  });
}

/** Undefined for a name that no picture has. @throws TransientError when the broker does not answer */
export async function findPicture(
  bus: Pick<Bus, 'bucket'>,
  name: string,
): Promise<StoredPicture | undefined> {
  const ending = NAME.exec(name)?.[2] as PictureEnding | undefined;
  if (ending === undefined) return undefined;
  return orOutage(AWAY, async () => {
    const found = await (await bus.bucket('pictures')).get(name);
    if (found?.operation !== 'PUT') return undefined;
    return { bytes: found.value, type: pictureTypes[ending] };
  });
}

/** Where people's mail programs fetch it. `publicUrl` as PUBLIC_BASE_URL. */
export const pictureAddress = (publicUrl: string, name: string): string =>
  `${publicUrl.replace(/\/+$/, '')}/i/${name}`;
