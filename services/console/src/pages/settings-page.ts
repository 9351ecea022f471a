/** Настройки: the people who work here, the forms, and who did what. For owners. */
import type { StaffMember } from '@leadwire/operations/staff/directory';
import { staffRoles } from '@leadwire/shared/contract/staff-facts';
import type { AuditRow, FormShown } from '../data/settings.ts';
import type { Person } from '../data/person.ts';
import { html, type Content, type Html } from '../html.ts';
import { kindWords } from '../words/reasons.ts';
import { actorWords, auditWords } from '../words/audit.ts';
import { moment, type Clock } from '../words/time.ts';
import { roleWords } from './layout.ts';
import { empty, icon, time, typed } from './parts.ts';

const TABS = [
  ['/settings', 'Сотрудники'],
  ['/settings/forms', 'Формы'],
  ['/settings/texts', 'Тексты сообщений'],
  ['/settings/upkeep', 'Проверки'],
  ['/settings/audit', 'Журнал'],
] as const;

export function frame(current: string, body: Content): Html {
  const tabs = TABS.map(
    ([path, word]) =>
      html`<a class="chip" href="${path}" ${path === current && html` aria-current="true"`}
        >${word}</a
      >`,
  );
  return html`<div class="head">
      <div><h1>Настройки</h1></div>
    </div>
    <div class="stack">
      <nav class="filters" aria-label="Настройки">${tabs}</nav>
      ${body}
    </div>`;
}

export function staffPage(members: readonly StaffMember[], me: Person, told: Content): Html {
  return frame(
    '/settings',
    html`${told}
      <section class="card" aria-labelledby="h-staff">
        <div class="card-head"><h2 id="h-staff">Сотрудники</h2></div>
        <ul class="items">
          ${members.map((member) => memberItem(member, me))}
        </ul>
        <p class="card-foot">Отключённый перестаёт видеть всё сразу.</p>
      </section>
      ${addForm()}`,
  );
}

function addForm(): Html {
  const roles = staffRoles.map(
    (role) =>
      html`<option value="${role}" ${role === 'sales' && html` selected`}>
        ${roleWords[role]}
      </option>`,
  );
  const field = (id: string, label: string, input: Html) =>
    html`<div class="field"><label for="${id}">${label}</label>${input}</div>`;
  return html`<section class="card" aria-labelledby="h-add">
    <div class="card-head"><h2 id="h-add">Новый сотрудник</h2></div>
    <form class="stack-s" method="post" action="/settings/staff/add">
      ${field('add-mail', 'Почта', html`<input class="input" id="add-mail" name="email" type="email" maxlength="254" autocomplete="off" required />`)}
      ${field('add-name', 'Имя', html`<input class="input" id="add-name" name="name" maxlength="100" autocomplete="off" />`)}
      ${field(
        'add-role',
        'Роль',
        html`<select class="input" id="add-role" name="role">
          ${roles}
        </select>`,
      )}
      ${field('add-tags', 'Метки utm_source таргетолога, через запятую', html`<input class="input" id="add-tags" name="utmSources" maxlength="500" autocomplete="off" />`)}
      <button class="btn btn-primary">Добавить</button>
    </form>
  </section>`;
}

function memberItem(member: StaffMember, me: Person): Html {
  const { email, name, role, active, utmSources } = member;
  const isMe = member.staffId === me.id;
  const roles = staffRoles.map(
    (each) =>
      html`<option value="${each}" ${each === role && html` selected`}>${roleWords[each]}</option>`,
  );
  const hidden = html`<input type="hidden" name="email" value="${email}" />`;
  const small = (action: string, word: string) =>
    html`<form method="post" action="${action}">
      ${hidden}<button class="btn btn-quiet">${word}</button>
    </form>`;
  const change = html`<details class="pop-root">
    <summary class="chip">Изменить ${icon('chevron-down', 'icon-s')}</summary>
    <form class="pop" method="post" action="/settings/staff/change">
      ${hidden}
      <div class="field">
        <label for="n-${member.staffId}">Имя</label
        ><input
          class="input"
          id="n-${member.staffId}"
          name="name"
          value="${name}"
          maxlength="100"
        />
      </div>
      <div class="field">
        <label for="r-${member.staffId}">Роль</label
        ><select class="input" id="r-${member.staffId}" name="role">
          ${roles}
        </select>
      </div>
      <div class="field">
        <label for="u-${member.staffId}">Метки utm_source таргетолога, через запятую</label
        ><input
          class="input"
          id="u-${member.staffId}"
          name="utmSources"
          value="${utmSources.join(', ')}"
          maxlength="500"
        />
      </div>
      <div class="pop-foot"><button class="btn btn-primary">Сохранить</button></div>
    </form>
  </details>`;
  return html`<li class="member">
    <span
      ><b>${typed(name || email, 80)}</b>${isMe && ' (это вы)'}
      <span class="sub"
        >${name && html`${typed(email, 80)}, `}${roleWords[role]}${utmSources.length > 0 && `: ${utmSources.join(', ')}`}${!active && ', отключён'}</span
      ></span
    >
    <span class="row"
      >${active && change}${active && small('/settings/staff/link', 'Прислать ссылку')}
      ${!isMe && small(active ? '/settings/staff/disable' : '/settings/staff/enable', active ? 'Отключить' : 'Включить')}</span
    >
  </li>`;
}

export function formsPage(
  forms: readonly FormShown[],
  publicUrl: string | undefined,
  clock: Clock,
): Html {
  const rows = forms.map(({ slug, kind, dialect, active, hasSecret, lastLeadAt, openRejects }) => {
    const sub = [
      kindWords(kind),
      dialect,
      hasSecret ? 'с ключом' : 'без ключа',
      !active && 'выключена',
    ];
    return html`<li>
      <span
        ><b>${typed(slug, 60)}</b
        ><span class="sub">${sub.filter(Boolean).join(', ')}</span>
        ${publicUrl && html`<span class="sub"><code>${publicUrl}/api/forms/${slug}</code></span>`}
        ${openRejects > 0 && html`<span class="st st-warn">${icon('triangle-alert')} <span>Не прочитано: ${openRejects}</span></span>`}</span
      >
      <span>${lastLeadAt ? html`заявка ${moment(lastLeadAt, clock)}` : 'заявок не было'}</span>
    </li>`;
  });
  const none = empty(
    'inbox',
    'Форм пока нет',
    'Форму конструктора сайтов или рекламного кабинета подключает разработчик. Формы лендингов работают и без этого.',
  );
  return frame(
    '/settings/forms',
    html`<section class="card" aria-labelledby="h-forms">
      <div class="card-head"><h2 id="h-forms">Формы</h2></div>
      ${
        rows.length > 0
          ? html`<ul class="items">
              ${rows}
            </ul>`
          : none
      }
    </section>`,
  );
}

const RESULTS: Readonly<Record<string, string>> = {
  done: 'сделано',
  refused: 'отказано',
  failed: 'не получилось',
};
const UUID = /^[0-9a-f]{8}-/;

export function auditPage(rows: readonly AuditRow[], next: string | undefined, clock: Clock): Html {
  const items = rows.map(({ actor, action, subject, result, at }) => {
    const isLead = /^(delivery|lead|dead_letter)\./.test(action ?? '') && UUID.test(subject ?? '');
    const about =
      isLead && html`, <a href="/leads/${subject}">заявка ${subject?.slice(-6).toUpperCase()}</a>`;
    return html`<li>
      <span
        ><b>${auditWords[action ?? ''] ?? action}</b>${about}
        <span class="sub"
          >${typed(actorWords(actor), 80)}, ${RESULTS[result ?? ''] ?? result}</span
        ></span
      >${at && time(at, clock)}
    </li>`;
  });
  const none = empty(
    'clock-3',
    'Журнал пуст',
    'Здесь будет всё, что сделали люди: кто, что, с чем и чем кончилось.',
  );
  return frame(
    '/settings/audit',
    html`<section class="card" aria-labelledby="h-audit">
        <div class="card-head"><h2 id="h-audit">Журнал</h2></div>
        ${
          rows.length > 0
            ? html`<ul class="items">
                ${items}
              </ul>`
            : none
        }
      </section>
      ${next && html`<nav class="pager row" aria-label="Страницы"><a class="btn" href="${next}">Показать раньше</a></nav>`}`,
  );
}
