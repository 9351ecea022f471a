/** A student's own tags beside those of the lead that brought them: which ones hold? */
import type { AttributionConflict } from '../data/attribution.ts';
import { html, type Content, type Html } from '../html.ts';
import { sourceWords } from '../words/reasons.ts';
import type { Clock } from '../words/time.ts';
import { time, typed } from './parts.ts';

/** Shown at once; the next ones move up as these are decided. */
const SHOWN = 10;

export const ATTRIBUTION_COUNT: [string, string, string] = ['человек', 'человека', 'человек'];

const WHERE: Readonly<Record<AttributionConflict['project'], string>> = {
  tripwire: 'в базе курса',
  main: 'на платформе',
};

export function attributionLines(conflicts: readonly AttributionConflict[], clock: Clock): Html {
  return html`<ul class="items">
    ${conflicts.slice(0, SHOWN).map((conflict) => line(conflict, clock))}${conflicts.length > SHOWN && html`<li><span class="soft">и ещё ${conflicts.length - SHOWN}</span><span></span></li>`}
  </ul>`;
}

function line(conflict: AttributionConflict, clock: Clock): Html {
  const { id, project, leadId, name, noticedAt, said, lead } = conflict;
  return html`<li class="identity">
    <span
      ><a href="/leads/${leadId}">${typed(name, 60) ?? 'Без имени'}</a>
      <span class="sub">${WHERE[project]}: ${tagWords(said)}</span>
      <span class="sub">в заявке: ${tagWords(lead)}</span></span
    >${time(noticedAt, clock)}
    <form class="row" method="post" action="/problems/attribution">
      <input type="hidden" name="conflict" value="${id}" />
      <button class="btn" name="decided" value="lead">Взять из заявки</button>
      <button class="btn btn-quiet" name="decided" value="there">Оставить как есть</button>
    </form>
  </li>`;
}

function tagWords({ source, campaign }: AttributionConflict['said']): Content {
  return html`${typed(sourceWords(source ?? ''), 60)}${campaign && html`, ${typed(campaign, 60)}`}`;
}
