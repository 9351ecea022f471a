/** A picture that was chosen for a block: kept, and its address in the block. What was written stays in any case. */
import { storePicture } from '@leadwire/operations/texts/pictures';
import { TextError } from '@leadwire/operations/texts/text-error';
import type { Bus } from '@leadwire/shared/broker/bus';
import { TransientError } from '@leadwire/shared/errors';
import { isRaw } from '@leadwire/templates/own-texts/own-text';
import type { Content } from './html.ts';
import type { Visit } from './http/route.ts';
import { notice } from './pages/parts.ts';
import type { Writing } from './pages/texts/text-form.ts';
import { amount } from './words/time.ts';

export interface PictureRouteParts {
  bus: Bus;
  /** Where mail programs fetch pictures; without it none is taken. */
  publicUrl: string | undefined;
}

/** `at`: the place of the block, from 0. */
export async function withPicture(
  { bus, publicUrl }: PictureRouteParts,
  { person, files }: Pick<Visit, 'person' | 'files'>,
  writing: Writing,
  at: number,
): Promise<[Writing, Content]> {
  const file = files.get(`${at}.file`);
  if (!file) return [writing, notice('Картинка не выбрана: сначала выберите файл.', false)];
  if (publicUrl === undefined) {
    return [
      writing,
      notice('Картинки пока не принимаются: на сервере не задан PUBLIC_BASE_URL.', false),
    ];
  }
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const kept = await storePicture({ bus, actor: person.email, publicUrl }, bytes);
    const { url, width, height } = kept;
    const size = `${width} × ${height}, ${amount(Math.ceil(kept.bytes / 1024))} КБ`;
    return [
      filled(writing, at, url),
      notice(`Картинка загружена: ${size}. Напишите, что на ней, и сохраните текст.`, true),
    ];
  } catch (thrown) {
    if (thrown instanceof TextError)
      return [writing, notice(`Не загружено. ${thrown.message}`, false)];
    if (thrown instanceof TransientError) {
      return [
        writing,
        notice('Не загружено: хранилище картинок не отвечает. Попробуйте через минуту.', false),
      ];
    }
    throw thrown;
  }
}

function filled(writing: Writing, at: number, url: string): Writing {
  const { mail } = writing.content;
  if (mail === null || isRaw(mail)) return writing;
  const blocks = mail.blocks.map((block, place) =>
    place === at && block.type === 'picture' ? { ...block, url } : block,
  );
  return { ...writing, content: { ...writing.content, mail: { ...mail, blocks } } };
}
