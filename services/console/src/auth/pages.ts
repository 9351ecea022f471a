/** Signing in, invitations, new passwords. */
import { html, type Html } from '../html.ts';
import { door, type Theme } from '../pages/layout.ts';
import { icon, notice } from '../pages/parts.ts';
import { counted } from '../words/time.ts';

/** Hosted Supabase takes six; ours are ten at least. */
export const SHORTEST_PASSWORD = 10;

const alert = (text: string | undefined) =>
  text !== undefined &&
  html`<p class="error" role="alert">${icon('octagon-alert')} <span>${text}</span></p>`;

const passwordFields = html`<div class="field">
    <label for="pass">Новый пароль</label>
    <input
      class="input"
      id="pass"
      name="password"
      type="password"
      autocomplete="new-password"
      minlength="${SHORTEST_PASSWORD}"
      maxlength="72"
      required
      aria-describedby="pass-hint"
    />
    <p class="hint" id="pass-hint">
      Не короче ${SHORTEST_PASSWORD} знаков. Удобнее всего несколько слов подряд.
    </p>
  </div>
  <div class="field">
    <label for="again">Ещё раз</label>
    <input
      class="input"
      id="again"
      name="again"
      type="password"
      autocomplete="new-password"
      maxlength="72"
      required
    />
  </div>`;

const mailField = (email = ''): Html =>
  html`<div class="field">
    <label for="mail">Почта</label>
    <input
      class="input"
      id="mail"
      name="email"
      type="email"
      autocomplete="username"
      value="${email}"
      maxlength="254"
      required
    />
  </div>`;

export function loginPage(
  theme: Theme,
  shown: { email?: string; problem?: string; next?: string; note?: string },
): Html {
  const { email = '', problem, next, note } = shown;
  return door(
    'Вход',
    theme,
    html`<p class="soft">Для сотрудников школы. Приглашение присылает владелец.</p>
      ${note !== undefined && notice(note, true)}
      <form method="post" action="/login">
        ${alert(problem)}
        ${next !== undefined && html`<input type="hidden" name="next" value="${next}" />`}
        ${mailField(email)}
        <div class="field">
          <div class="field-top">
            <label for="pass">Пароль</label> <a href="/forgot">Забыли пароль?</a>
          </div>
          <input
            class="input"
            id="pass"
            name="password"
            type="password"
            autocomplete="current-password"
            maxlength="72"
            required
          />
        </div>
        <button class="btn btn-primary btn-wide">Войти</button>
      </form>`,
  );
}

export const wrongPassword = (left: number) =>
  left > 0
    ? `Почта или пароль не подходят. Осталось ${counted(left, ['попытка', 'попытки', 'попыток'])}, потом вход закроется на 15 минут.`
    : 'Почта или пароль не подходят слишком много раз. Вход для этой почты закрыт на 15 минут.';

export function confirmPage(
  theme: Theme,
  link: { tokenHash: string; type: string },
  problem?: string,
): Html {
  const isInvite = link.type === 'invite';
  return door(
    isInvite ? 'Добро пожаловать' : 'Новый пароль',
    theme,
    html`<p class="soft">
        ${isInvite ? 'Придумайте пароль, и можно работать.' : 'Придумайте новый пароль. Старый перестанет подходить.'}
      </p>
      <form method="post" action="/auth/confirm">
        ${alert(problem)}
        <input type="hidden" name="token_hash" value="${link.tokenHash}" />
        <input type="hidden" name="type" value="${link.type}" />
        ${passwordFields}
        <button class="btn btn-primary btn-wide">Сохранить и войти</button>
      </form>`,
  );
}

export const expiredPage = (theme: Theme): Html =>
  door(
    'Ссылка больше не действует',
    theme,
    html`<p class="soft">
        Она работает один раз и недолго, а новая отменяет старую. Попросите владельца прислать
        приглашение ещё раз или получите новую ссылку на почту.
      </p>
      <p class="row">
        <a class="btn btn-primary btn-wide" href="/forgot">Получить новую ссылку</a>
      </p>
      <p class="row"><a class="btn btn-quiet btn-wide" href="/login">Войти с паролем</a></p>`,
  );

export const forgotPage = (theme: Theme, isSent: boolean): Html =>
  door(
    'Новый пароль',
    theme,
    isSent
      ? html`<p class="soft">
            Если такая почта есть среди сотрудников, письмо со ссылкой уже идёт. Оно приходит за
            минуту; загляните и в «Спам». Ещё одно можно попросить через минуту.
          </p>
          <p class="row"><a class="btn btn-wide" href="/login">Ко входу</a></p>`
      : html`<p class="soft">Пришлём ссылку на почту, с которой вы входите.</p>
          <form method="post" action="/forgot">
            ${mailField()}
            <button class="btn btn-primary btn-wide">Прислать ссылку</button>
          </form>`,
  );

/** The form on the page of one's own account. */
export const passwordForm = (problem?: string): Html =>
  html`<form class="stack-s" method="post" action="/account/password">
    ${alert(problem)}${passwordFields} <button class="btn">Сменить пароль</button>
  </form>`;
