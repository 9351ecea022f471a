/** The form that makes somebody a partner. */
import { html, type Content, type Html } from '../../html.ts';
import { icon } from '../parts.ts';

export const backToPartners = html`<a class="back" href="/partners"
  >${icon('arrow-left', 'icon-s')} Партнёры</a
>`;

/** `given` is what was typed before, so that nobody types it again. */
export function partnerAddPage(given: URLSearchParams, told?: Content): Html {
  const field = (name: string, label: string, input: Html, hint?: string) =>
    html`<div class="field">
      <label for="p-${name}">${label}</label>${input}${hint && html`<p class="hint">${hint}</p>`}
    </div>`;
  const value = (name: string) => (given.get(name) ?? '').slice(0, 300);
  return html`${backToPartners}
    <div class="head">
      <div>
        <h1>Новый партнёр</h1>
        <p class="lede">О каждой комиссии ему придут письмо и SMS.</p>
      </div>
    </div>
    <section class="card" aria-label="Партнёр">
      ${told}
      <form class="stack-s" method="post" action="/partners">
        ${field('name', 'Имя', html`<input class="input" id="p-name" name="name" maxlength="200" value="${value('name')}" autocomplete="off" required />`)}
        ${field('email', 'Почта', html`<input class="input" id="p-email" name="email" type="email" maxlength="254" value="${value('email')}" autocomplete="off" required />`)}
        ${field('phone', 'Телефон', html`<input class="input" id="p-phone" name="phone" type="tel" maxlength="40" value="${value('phone')}" autocomplete="off" required />`)}
        ${field('code', 'Код в ссылке, если нужен особый', html`<input class="input" id="p-code" name="code" maxlength="32" value="${value('code')}" autocomplete="off" />`, 'Латинские буквы, цифры, дефис; от 3 до 32. Пусто — придумаем сами.')}
        <button class="btn btn-primary">Добавить</button>
      </form>
    </section>`;
}
