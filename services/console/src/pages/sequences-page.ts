/** Цепочки: all of them, one with its steps and people, and the form for a new one. */
import type { TemplateView } from '@leadwire/operations/campaigns/campaign-view';
import {
  stoppedIn,
  type SequencePersonView,
  type SequenceView,
} from '@leadwire/operations/campaigns/sequence-view';
import { html, type Content, type Html } from '../html.ts';
import { channelWord } from '../words/campaigns.ts';
import { afterWords, personState, stopWords, triggerWords } from '../words/sequences.ts';
import type { Status } from '../words/status.ts';
import { amount, type Clock } from '../words/time.ts';
import { listPage } from './campaigns-page.ts';
import { definitionForm } from './sequence-form.ts';
import { icon, phoneWords, status, time, typed } from './parts.ts';

const ON: Status = { tone: 'good', icon: 'circle-check', word: 'Включена' };
const OFF: Status = { tone: 'mute', icon: 'circle-minus', word: 'Выключена' };

const backToSequences = html`<a class="back" href="/campaigns/sequences"
  >${icon('arrow-left', 'icon-s')} Цепочки</a
>`;

const sentIn = ({ sent }: SequenceView) => sent.reduce((sum, each) => sum + each.sent, 0);

export function sequencesPage(sequences: readonly SequenceView[], told?: Content): Html {
  const add = html`<a class="btn btn-primary" href="/campaigns/sequences/new">Новая цепочка</a>`;
  const rows = sequences.map((each) => {
    const counts = `ждут ${amount(each.waiting)}, отправлено ${amount(sentIn(each))}, остановлены ${amount(stoppedIn(each))}`;
    return html`<li>
      <span
        ><a href="/campaigns/sequences/${each.id}">${typed(each.name, 80)}</a>
        <span class="sub">${triggerWords[each.trigger]}: ${counts}</span></span
      >
      <span>${status(each.isOn ? ON : OFF)}</span>
    </li>`;
  });
  return listPage({
    title: 'Цепочки',
    lede: 'Сообщения через время после события, если не случилось другое.',
    add,
    rows,
    nothing: [
      'send',
      'Цепочек ещё нет',
      'Цепочка сама напишет тому, кто заполнил форму оплаты и не купил, или прошёл тест и пропал. Каждому один раз, и не тому, кто уже купил.',
    ],
    told,
  });
}

export interface SequenceShown {
  sequence: SequenceView;
  people: readonly SequencePersonView[];
  templates: readonly TemplateView[];
  clock: Clock;
  told?: Content;
}

export function sequencePage({ sequence, people, templates, clock, told }: SequenceShown): Html {
  const { id, name, trigger, isOn, onSince, waiting, done, stopped } = sequence;
  const why = Object.entries(stopped).map(
    ([reason, count]) => `${stopWords(reason)}: ${amount(count)}`,
  );
  const since = isOn && onSince !== null && html` с ${time(onSince, clock)}`;
  return html`${backToSequences}
    <div class="head">
      <div>
        <h1>${typed(name, 120)}</h1>
        <p class="lede">${triggerWords[trigger]}. ${status(isOn ? ON : OFF)}${since}</p>
      </div>
    </div>
    <div class="stack">
      ${told}
      <section class="card" aria-label="Итоги">
        <dl class="stats stats-four">
          <div>
            <dt>Ждут</dt>
            <dd>${amount(waiting)}</dd>
          </div>
          <div>
            <dt>Отправлено</dt>
            <dd>${amount(sentIn(sequence))}</dd>
          </div>
          <div>
            <dt>Прошли всю</dt>
            <dd>${amount(done)}</dd>
          </div>
          <div>
            <dt>Остановлены</dt>
            <dd>${amount(stoppedIn(sequence))}</dd>
            ${why.length > 0 && html`<dd class="sub">${why.join(', ')}</dd>`}
          </div>
        </dl>
        ${switchForm(sequence)}
      </section>
      <section class="card" aria-label="Шаги">
        <h2>Шаги</h2>
        ${isOn ? stepList(sequence) : definitionForm({ sequence, templates })}
      </section>
      <section class="card" aria-label="Люди">
        <h2>Люди</h2>
        ${peopleList(sequence, people, clock)}
        <form class="row" method="post" action="/campaigns/sequences/${id}/stop">
          <label class="unseen" for="contact">Почта или телефон</label
          ><input
            class="input"
            id="contact"
            name="contact"
            placeholder="Почта или телефон"
            autocomplete="off"
            required
          /><button class="btn">Больше не писать этому человеку</button>
        </form>
      </section>
      ${!isOn && deleteForm(sequence)}
    </div>`;
}

function switchForm({ id, isOn, waiting }: SequenceView): Html {
  const words = isOn
    ? `Выключите, и никто больше не войдёт, а те, кто ждёт (${amount(waiting)}), не получат ничего. Включить снова можно, но их это не вернёт.`
    : 'Считаются события с момента включения: тем, кто пришёл раньше, ничего не уйдёт. Каждый человек проходит цепочку один раз.';
  return html`<form
    class="stack-s"
    method="post"
    action="/campaigns/sequences/${id}/${isOn ? 'off' : 'on'}"
  >
    <p class="hint">${words}</p>
    <button class="btn${isOn ? ' btn-danger' : ' btn-primary'}">
      ${isOn ? 'Выключить' : 'Включить'}
    </button>
  </form>`;
}

/** Only of one that is off: whoever waits would be let go without having been named. */
function deleteForm({ id }: SequenceView): Html {
  return html`<section class="card" aria-label="Удаление">
    <form class="stack-s" method="post" action="/campaigns/sequences/${id}/delete">
      <p class="hint">
        Удалённая цепочка исчезнет из списка. Отправленные ею сообщения и отчёты останутся.
      </p>
      <button class="btn btn-danger">Удалить цепочку</button>
    </form>
  </section>`;
}

function stepList({ steps, sent, quietHours }: SequenceView): Html {
  const rows = steps.map(({ after, channel, text }, index) => {
    const of = sent.find(({ step }) => step === index + 1);
    const counts = of && [
      `отправлено ${amount(of.sent)}`,
      of.pending > 0 && `уходит ${amount(of.pending)}`,
      of.failed > 0 && `не ушло ${amount(of.failed)}`,
      of.skipped > 0 && `пропущено ${amount(of.skipped)}`,
      of.clicked > 0 && `перешли ${amount(of.clicked)}`,
    ];
    return html`<li>
      <span
        >${index + 1}. ${afterWords(after)}, ${channelWord(channel)}: ${typed(text, 80)}
        <span class="sub">${counts ? counts.filter(Boolean).join(', ') : 'ещё никому'}</span></span
      >
      <span
        >${of?.paused && 'На паузе. '}${of && html`<a href="/campaigns/${of.campaignId}">Отчёт</a>`}</span
      >
    </li>`;
  });
  return html`<ul class="items">
      ${rows}
    </ul>
    <p class="hint">
      Время считается от события.
      ${quietHours !== null && `В тихие часы (${quietHours}) сообщение ждёт утра. `}Поправите слова
      текста, и тем, кто ждёт, уйдут новые слова в прежнее время. Чтобы изменить шаги, выключите
      цепочку.
    </p>`;
}

function peopleList(
  { steps }: SequenceView,
  people: readonly SequencePersonView[],
  clock: Clock,
): Html {
  if (people.length === 0) return html`<p class="hint">Пока никого.</p>`;
  const rows = people.map((person) => {
    const next = person.messages.find(({ state }) => state === 'waiting');
    const sent = person.messages.filter((message) => message.status === 'sent').length;
    const contact =
      person.email ?? (person.phone === null ? 'данные удалены' : phoneWords(person.phone));
    const who = html`${typed(person.name, 60)} ${typed(contact, 80)}`;
    return html`<li>
      <span
        >${person.leadId === null ? who : html`<a href="/leads/${person.leadId}">${who}</a>`}
        <span class="sub"
          >событие ${time(person.factAt, clock)}, отправлено ${amount(sent)} из
          ${amount(steps.length)}</span
        ></span
      >
      <span
        >${next ? html`Ждёт: шаг ${next.step}, ${time(next.dueAt, clock)}` : personState(person)}</span
      >
    </li>`;
  });
  return html`<ul class="items">
    ${rows}
  </ul>`;
}

export function newSequencePage(
  templates: readonly TemplateView[],
  typedIn?: URLSearchParams,
  told?: Content,
): Html {
  return html`${backToSequences}
    <div class="head">
      <div>
        <h1>Новая цепочка</h1>
        <p class="lede">Она будет выключена: пока вы не включите её, не уйдёт ничего.</p>
      </div>
    </div>
    <section class="card" aria-label="Цепочка">
      ${told}${definitionForm({ templates, typedIn })}
    </section>`;
}
