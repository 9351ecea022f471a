/** What the pages of campaigns are made of. */
import { html, type Content, type Html } from '../html.ts';

export function card(id: string, title: string, body: Content): Html {
  return html`<section class="card" aria-labelledby="h-${id}">
    <div class="card-head"><h2 id="h-${id}">${title}</h2></div>
    ${body}
  </section>`;
}

export function field(name: string, label: string, input: Html): Html {
  return html`<div class="field"><label for="${name}">${label}</label>${input}</div>`;
}
