/** One's own account: who one is here, a new password, the way out. */
import { passwordForm } from '../auth/pages.ts';
import type { Person } from '../data/person.ts';
import { html, type Html } from '../html.ts';
import { roleWords } from './layout.ts';
import { notice, typed } from './parts.ts';

export function accountPage(
  person: Person,
  shown: { problem?: string; isChanged?: boolean; telegram?: Html | undefined },
): Html {
  const { problem, isChanged = false, telegram } = shown;
  return html`<div class="head">
      <div><h1>Моя учётная запись</h1></div>
    </div>
    <div class="stack">
      ${isChanged && notice('Пароль изменён.', true)}
      <div class="grid">
        <section class="card w-5" aria-labelledby="h-me">
          <div class="card-head"><h2 id="h-me">Кто я здесь</h2></div>
          <dl class="facts">
            <dt>Имя</dt>
            <dd>${typed(person.name) ?? '—'}</dd>
            <dt>Почта</dt>
            <dd>${typed(person.email)}</dd>
            <dt>Роль</dt>
            <dd>${roleWords[person.role]}</dd>
            ${
              person.utm_sources.length > 0 &&
              html`<dt>Метки</dt>
                <dd>${typed(person.utm_sources.join(', '))}</dd>`
            }
          </dl>
        </section>
        <section class="card w-7" aria-labelledby="h-pass">
          <div class="card-head"><h2 id="h-pass">Новый пароль</h2></div>
          ${passwordForm(problem)}
        </section>
        ${telegram}
        <section class="card w-5" aria-labelledby="h-out">
          <div class="card-head"><h2 id="h-out">Выход</h2></div>
          <div class="stack-s">
            <form method="post" action="/logout"><button class="btn btn-wide">Выйти</button></form>
            <form method="post" action="/logout">
              <input type="hidden" name="everywhere" value="1" />
              <button class="btn btn-wide">Выйти на всех устройствах</button>
            </form>
          </div>
        </section>
      </div>
    </div>`;
}
