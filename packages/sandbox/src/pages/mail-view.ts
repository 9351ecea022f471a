/** One mail as its reader would see it, and its line in a list: the same for every provider of mail. */
import type { LastEvent, Mail, MailStatus } from '../resend/store/mail.ts';
import { html, showTime, type Html } from './html.ts';

const EVENT_WORDS: Record<LastEvent, string> = {
  queued: 'в очереди',
  scheduled: 'запланировано',
  sent: 'отправлено',
  delivered: 'доставлено',
  delivery_delayed: 'задержано',
  bounced: 'отклонено адресатом',
  complained: 'жалоба на спам',
  opened: 'открыто',
  clicked: 'переход по ссылке',
  failed: 'ошибка',
  canceled: 'отменено',
  suppressed: 'адрес в стоп-листе',
};
const GOOD: LastEvent[] = ['delivered', 'opened', 'clicked'];
const BAD: LastEvent[] = ['bounced', 'complained', 'failed', 'suppressed', 'canceled'];

function badge(event: LastEvent): Html {
  const tone = GOOD.includes(event) ? 'good' : BAD.includes(event) ? 'bad' : 'wait';
  return html`<span class="badge ${tone}">${EVENT_WORDS[event]}</span>`;
}

/** Whether a mail has all of the words, in any case, in its addresses, its subject or its text. */
export function hasWords({ to, subject, text }: Mail, words: string): boolean {
  const whole = [...to, subject, text ?? ''].join(' ').toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => whole.includes(word));
}

/** What a search that fits nothing shows. */
export const noMailFits = html`<div class="empty">
  <p><b>Таких писем нет</b></p>
  <p>Ищется по адресу, теме и тексту.</p>
</div>`;

/** A line of the list in the tab `tab`, which was searched for `words`. */
export function mailRow(
  { tab, words }: { tab: string; words: string },
  mail: Mail,
  status: MailStatus | undefined,
  isSelected: boolean,
): Html {
  const query = words === '' ? '' : `?q=${encodeURIComponent(words)}`;
  return html`<li>
    <a
      class="row"
      href="/inbox/${tab}/${mail.id}${query}"
      ${isSelected && html`aria-current="true"`}
    >
      <span class="row-top">
        <span class="row-who">${mail.to.join(', ')}</span>
        <time>${showTime(mail.createdAt)}</time>
      </span>
      <span class="row-title">${mail.subject || '(без темы)'}</span>
      <span class="row-bottom"
        >${status && badge(status.lastEvent)}
        <span class="row-hint">${(mail.text ?? '').slice(0, 120)}</span></span
      >
    </a>
  </li>`;
}

/**
 * The mail in a frame that runs no script; the page measures it, to be as high as the mail. Links open in a new tab. The
 * two toggles change the frame's width and its colour scheme, which is what `prefers-color-scheme` inside it follows.
 */
export function wholeMail(mail: Mail, status: MailStatus): Html {
  const body = mail.html ?? `<pre style="white-space:pre-wrap">${html`${mail.text}`.markup}</pre>`;
  return html`<article class="mail" data-item="${mail.id}">
    ${head(mail, status)} ${toolbar}
    <div class="stage">
      <iframe
        title="Письмо"
        sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
        srcdoc="${withBase(body)}"
      ></iframe>
    </div>
    <details>
      <summary>Текстовая часть</summary>
      <pre>
${mail.text ?? 'Текстовой части нет: почтовые программы без HTML ничего не покажут.'}</pre>
    </details>
    <details>
      <summary>Заголовки и служебные данные</summary>
      <div data-live="technical">${technical(mail, status)}</div>
    </details>
  </article>`;
}

function head(mail: Mail, status: MailStatus): Html {
  return html`<header class="item-head">
    <h2>${mail.subject || '(без темы)'}</h2>
    <dl>
      <dt>От</dt>
      <dd>${mail.from}</dd>
      <dt>Кому</dt>
      <dd>${mail.to.join(', ')}</dd>
      ${
        mail.cc &&
        html`<dt>Копия</dt>
          <dd>${mail.cc.join(', ')}</dd>`
      }
      ${
        mail.replyTo &&
        html`<dt>Ответ</dt>
          <dd>${mail.replyTo.join(', ')}</dd>`
      }
      <dt>Время</dt>
      <dd>${showTime(mail.createdAt)} (Алматы)</dd>
      <dt>Статус</dt>
      <dd data-live="status">${badge(status.lastEvent)}</dd>
    </dl>
  </header>`;
}

const toolbar = html`<div class="toolbar" role="group" aria-label="Как показать письмо">
  <button type="button" data-width="wide" aria-pressed="true">Компьютер</button>
  <button type="button" data-width="phone" aria-pressed="false">Телефон</button>
  <span class="gap"></span>
  <button type="button" data-scheme="light" aria-pressed="true">Светлая</button>
  <button type="button" data-scheme="dark" aria-pressed="false">Тёмная</button>
</div>`;

/** Makes links open in a new tab. The tag goes after a doctype, or the mail would be shown in quirks mode. */
function withBase(body: string): string {
  const base = '<base target="_blank">';
  for (const tag of [/<head(\s[^>]*)?>/i, /<html(\s[^>]*)?>/i, /<!doctype[^>]*>/i]) {
    const found = tag.exec(body);
    if (found === null) continue;
    const end = found.index + found[0].length;
    return body.slice(0, end) + base + body.slice(end);
  }
  return `<!doctype html>${base}${body}`;
}

function technical(mail: Mail, status: MailStatus): Html {
  const headers = Object.entries(mail.headers);
  return html`<dl class="technical">
    <dt>id</dt>
    <dd><code>${mail.id}</code></dd>
    <dt>Message-ID</dt>
    <dd><code>${mail.messageId}</code></dd>
    <dt>Idempotency-Key</dt>
    <dd><code>${mail.idempotencyKey ?? 'нет'}</code></dd>
    ${headers.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd><code>${value}</code></dd>`,
    )}
    ${mail.tags.map(
      ({ name, value }) =>
        html`<dt>тег ${name}</dt>
          <dd><code>${value}</code></dd>`,
    )}
    ${mail.attachments.map(
      (each) =>
        html`<dt>вложение</dt>
          <dd>${each.filename}, ${each.bytes} байт</dd>`,
    )}
    ${status.history.map(
      ({ event, at }) =>
        html`<dt>${showTime(at)}</dt>
          <dd>${EVENT_WORDS[event]}</dd>`,
    )}
  </dl>`;
}
