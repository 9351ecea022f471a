/** A text that is being written, with what the checks say of it. */
import { checkLinks } from '@leadwire/operations/texts/check-links';
import type { TextFinding } from '@leadwire/templates/own-texts/check-text';
import { addressesIn } from '@leadwire/templates/own-texts/text-addresses';
import { html, type Content } from './html.ts';
import { notice } from './pages/parts.ts';
import { editorPage } from './pages/texts/editor-page.ts';
import { asSaved, type Writing } from './pages/texts/text-form.ts';
import type { TextKind } from './text-kinds.ts';

interface Shown {
  isNew?: boolean;
  /** Links are asked, too: that takes seconds. */
  isAsking?: boolean;
}

/** The editor: what is written, what it will look like, and what is to be known of it. */
export async function page(
  kind: TextKind,
  writing: Writing,
  told: Content,
  { isNew = false, isAsking = false }: Shown = {},
) {
  const [found, links, shown] = await Promise.all([
    kind.check(asSaved(writing)),
    isAsking ? checkLinks(addressesIn(writing.content)) : [],
    show(kind, writing),
  ]);
  const findings: TextFinding[] = [...found, ...links];
  const asked =
    isAsking &&
    notice(
      links.length === 0 ? 'Все ссылки открываются.' : 'Не все ссылки открываются.',
      links.length === 0,
    );
  const body = editorPage({
    place: kind.place,
    writing,
    findings,
    sms: shown?.sms ?? null,
    told: told ?? asked,
    isNew,
  });
  return { title: 'Текст', body };
}

/** Undefined for what cannot be put together: the checks say why. */
async function show(kind: TextKind, writing: Writing) {
  try {
    return await kind.show(asSaved(writing));
  } catch {
    return undefined;
  }
}

/** The mail alone, as a document of its own; the SMS where there is no mail. */
export async function frameOf(kind: TextKind, writing: Writing): Promise<string> {
  const shown = await show(kind, writing);
  if (shown?.mail) return shown.mail.html;
  const words = shown?.sms?.text ?? 'Пока показать нечего: посмотрите, что говорит проверка.';
  return html`<!doctype html><meta charset="utf-8" />
    <p style="font: 17px/1.5 system-ui; padding: 16px; overflow-wrap: anywhere">${words}</p>`.text;
}
