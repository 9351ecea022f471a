/** Настройки → Проверки: what grows unnoticed, by how often it should be looked at, and what to do about it. */
import type { HealthFinding } from '@leadwire/operations/health/finding';
import { rounds, type Round, type Upkeep } from '@leadwire/operations/upkeep/upkeep';
import { html, type Html } from '../html.ts';
import { icon } from './parts.ts';
import { frame } from './settings-page.ts';

const WORDS: Readonly<Record<Round, string>> = {
  daily: 'Каждый день',
  weekly: 'Каждую неделю',
  monthly: 'Каждый месяц',
};

const MARKS: Readonly<Record<HealthFinding['state'], readonly [icon: string, tone: string]>> = {
  ok: ['circle-check', 'good'],
  warning: ['triangle-alert', 'warn'],
  broken: ['octagon-alert', 'bad'],
  off: ['ban', 'wait'],
  unknown: ['unknown', 'wait'],
};

export function upkeepPage(found: Upkeep): Html {
  const wrong = rounds
    .flatMap((round) => found[round])
    .filter(({ state }) => state === 'warning' || state === 'broken');
  const lede =
    wrong.length === 0
      ? 'Всё в порядке: делать ничего не нужно.'
      : `Стоит заняться: ${wrong.map(({ title }) => inSentence(title)).join(', ')}.`;
  return frame(
    '/settings/upkeep',
    html`<p class="lede">${lede}</p>
      ${rounds.map((round) => section(round, found[round]))}`,
  );
}

const inSentence = (title: string) => title.charAt(0).toLowerCase() + title.slice(1);

function section(round: Round, findings: readonly HealthFinding[]): Html {
  return html`<section class="card" aria-labelledby="h-${round}">
    <div class="card-head"><h2 id="h-${round}">${WORDS[round]}</h2></div>
    <ul class="items">
      ${findings.map(item)}
    </ul>
  </section>`;
}

function item({ state, title, text, meaning, remedy }: HealthFinding): Html {
  const [name, tone] = MARKS[state];
  return html`<li>
    <span
      ><b>${title}</b>
      <span class="sub">${text}${(meaning ?? remedy) && '.'}</span>
      ${meaning && html`<span class="sub">${meaning}.</span>`}
      ${remedy && html`<span class="sub">Что делать: ${remedy}.</span>`}</span
    >
    <span class="st st-${tone}"
      >${icon(name)} <span class="unseen">${STATE_WORDS[state]}</span></span
    >
  </li>`;
}

const STATE_WORDS: Readonly<Record<HealthFinding['state'], string>> = {
  ok: 'в порядке',
  warning: 'стоит заняться',
  broken: 'опасно',
  off: 'не подключено',
  unknown: 'неизвестно',
};
