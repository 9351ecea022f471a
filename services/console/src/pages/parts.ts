/** What pages are made of. */
import { html, type Content, type Html } from '../html.ts';
import { asset } from '../http/assets.ts';
import type { Status } from '../words/status.ts';
import { clockTime, dayName, type Clock } from '../words/time.ts';

/** Filled shapes; the others are lines. */
const SOLID = ['telegram', 'whatsapp'];
/** Longer than any name; a form may have been sent a novel. */
const LONGEST = 160;

export function icon(name: string, more = ''): Html {
  const classes = ['icon', SOLID.includes(name) && 'icon-solid', more].filter(Boolean).join(' ');
  return html`<svg class="${classes}" aria-hidden="true">
    <use href="${asset('icons.svg')}#i-${name}"></use>
  </svg>`;
}

/** What somebody typed: cut, and kept from turning the text around it the other way. */
export function typed(text: string | null | undefined, longest = LONGEST): Html | undefined {
  if (!text) return undefined;
  const chars = [...text];
  const shown = chars.length > longest ? `${chars.slice(0, longest).join('')}…` : text;
  return html`<bdi>${shown}</bdi>`;
}

export function status({ tone, icon: name, word, why }: Status, isPill = false): Html {
  return html`<span class="st st-${tone}${isPill ? ' st-pill' : ''}"
    >${icon(name)} <span>${word}${why && html`<small class="sub">${why}</small>`}</span></span
  >`;
}

/** The time of today, the day of everything else, the whole of it for machines. */
export function time(iso: string, clock: Clock): Html {
  const day = dayName(iso, clock);
  const shown = day === 'сегодня' ? clockTime(iso, clock) : `${day}, ${clockTime(iso, clock)}`;
  return html`<time datetime="${iso}">${shown}</time>`;
}

/** «+7 700 000 12 34»; what is no such number is shown as it was typed. */
export function phoneWords(phone: string): string {
  const parts = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(phone);
  return parts ? `+7 ${parts.slice(1).join(' ')}` : phone;
}

/** The four ways to a person; one that there is no contact for stays, and says so by its look. */
export function contactActs(phone: string | null, dealUrl: string | undefined): Html[] {
  const digits = phone && /^\+\d{10,15}$/.test(phone) ? phone.slice(1) : undefined;
  const acts: readonly (readonly [string, string, string | undefined])[] = [
    ['phone', 'Позвонить', digits && `tel:+${digits}`],
    ['whatsapp', 'WhatsApp', digits && `https://wa.me/${digits}`],
    ['telegram', 'Telegram', digits && `https://t.me/+${digits}`],
    ['briefcase-business', 'Сделка', dealUrl],
  ];
  return acts.map(([name, word, href]) =>
    href
      ? html`<a class="act" href="${href}" rel="noreferrer">${icon(name)} ${word}</a>`
      : html`<span class="act" role="link" aria-disabled="true">${icon(name)} ${word}</span>`,
  );
}

export function empty(name: string, title: string, text: Content, button?: Html): Html {
  return html`<div class="empty">
    ${icon(name)}
    <h2>${title}</h2>
    <p>${text}</p>
    ${button}
  </div>`;
}

/** What has just been done, or could not be. */
export function notice(text: Content, isGood: boolean): Html {
  const [tone, name] = isGood ? ['good', 'circle-check'] : ['warn', 'triangle-alert'];
  return html`<p class="notice${isGood ? ' notice-good' : ''}" role="status">
    <span class="st st-${tone}">${icon(name)} <span>${text}</span></span>
  </p>`;
}
