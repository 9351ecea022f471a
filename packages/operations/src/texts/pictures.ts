/** Pictures for mails: looked at, made as small as a mail needs them, kept where everybody's mail program finds them. */
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  LARGEST_PICTURE,
  keepPicture,
  pictureAddress,
  type PictureEnding,
} from '@leadwire/shared/delivery/pictures';
import { audited } from '../audit/audited.ts';
import type { ActingParts } from '../acting.ts';
import { TextError } from './text-error.ts';

/** What a phone's camera makes; a larger file is a mistake, or no picture for a mail. */
export const LARGEST_UPLOAD = 10 * 1024 * 1024;
/** Twice the 600 px of a mail, for fine screens; then what fits into less. */
const WIDTHS = [1_200, 900, 600, 400] as const;
const QUALITIES = [82, 65] as const;
/** Decoded, a picture takes four bytes a point: 50 million are a phone's best camera. */
const MOST_POINTS = 50_000_000;

type Kind = 'jpeg' | 'png' | 'gif' | 'webp';

export interface PictureParts extends Pick<ActingParts, 'actor'> {
  bus: Pick<Bus, 'bucket' | 'name' | 'publish'>;
  /** As PUBLIC_BASE_URL. */
  publicUrl: string;
}

export interface KeptPicture {
  /** For a mail. */
  url: string;
  width: number;
  height: number;
  bytes: number;
}

/**
 * Keeps a picture; what it says of its camera and its place is taken out.
 * @throws TextError `bad_picture`, in Russian, for whoever chose it; TransientError when the broker does not answer
 */
export function storePicture(
  { bus, actor, publicUrl }: PictureParts,
  file: Uint8Array,
): Promise<KeptPicture> {
  const what = { actor, action: 'text.picture', subject: 'pictures' };
  return audited(
    bus,
    what,
    async () => {
      const { bytes, ending, width, height } = await readyForMail(file);
      const name = await keepPicture(bus, bytes, ending);
      return { url: pictureAddress(publicUrl, name), width, height, bytes: bytes.length };
    },
    ({ width, height, bytes }) => ({ width, height, bytes }),
  );
}

interface Ready {
  bytes: Uint8Array;
  ending: PictureEnding;
  width: number;
  height: number;
}

/** @throws TextError `bad_picture` */
export async function readyForMail(file: Uint8Array): Promise<Ready> {
  if (file.length > LARGEST_UPLOAD) {
    throw bad(
      `Картинка ${megabytes(file.length)} МБ, а можно до ${megabytes(LARGEST_UPLOAD)} МБ. Уменьшите её или сохраните как JPEG.`,
    );
  }
  const kind = kindOf(file);
  try {
    return await resized(file, kind);
  } catch (thrown) {
    if (thrown instanceof TextError) throw thrown;
    if (/pixel limit/i.test(String(thrown))) {
      throw bad('На картинке слишком много точек. Уменьшите её до 4000 пикселей по ширине.');
    }
    throw bad('Файл картинки повреждён: она не открывается.', thrown);
  }
}

const megabytes = (bytes: number) => Math.round(bytes / (1024 * 1024));

/** By its first bytes: what a file is called says nothing. */
function kindOf(file: Uint8Array): Kind {
  const start = Buffer.from(file.subarray(0, 64));
  const text = start.toString('latin1');
  if (start.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (/^GIF8[79]a/.test(text)) return 'gif';
  if (/^RIFF[\s\S]{4}WEBP/.test(text)) return 'webp';
  if (/^[\s\S]{4}ftyp(?:hei|hev|mif1|msf1)/.test(text)) {
    throw bad('Телефон сохранил её в формате HEIC, почта его не показывает. Сохраните как JPEG.');
  }
  if (/<svg|<\?xml/i.test(text)) {
    throw bad('SVG почта не показывает. Сохраните картинку как PNG.');
  }
  throw bad('Это не картинка: подходят JPEG, PNG, GIF и WebP.');
}

/** The largest that fits. */
async function resized(file: Uint8Array, kind: Kind): Promise<Ready> {
  // Where it is not needed nobody waits for it, and a service starts without it.
  const { default: sharp } = await import('sharp');
  sharp.concurrency(1);
  const isMoving = kind === 'gif';
  const open = () => sharp(file, { limitInputPixels: MOST_POINTS, animated: isMoving });
  const { hasAlpha = false } = await open().metadata();
  const ending: PictureEnding = isMoving ? 'gif' : hasAlpha ? 'png' : 'jpg';
  for (const width of WIDTHS) {
    for (const quality of QUALITIES) {
      const small = open().autoOrient().resize({ width, withoutEnlargement: true });
      const done = isMoving
        ? small.gif()
        : hasAlpha
          ? small.png({ palette: quality !== QUALITIES[0], compressionLevel: 9 })
          : small.jpeg({ quality, mozjpeg: true });
      const { data, info } = await done.toBuffer({ resolveWithObject: true });
      const height = info.pageHeight ?? info.height;
      if (data.length <= LARGEST_PICTURE) return { bytes: data, ending, width: info.width, height };
      if (isMoving) break;
    }
  }
  throw bad(
    isMoving
      ? 'Анимация слишком тяжёлая для письма. Сократите её или возьмите один кадр.'
      : 'Картинка и уменьшенная слишком тяжёлая для письма. Сохраните её как JPEG.',
  );
}

const bad = (words: string, cause?: unknown) => new TextError('bad_picture', words, { cause });
