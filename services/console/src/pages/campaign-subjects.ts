/** Two subjects of one campaign: begun, waited for, and which one won. */
import type { CampaignView, SubjectTestView } from '@leadwire/operations/campaigns/campaign-view';
import { html, type Html } from '../html.ts';
import { moment, type Clock } from '../words/time.ts';
import { card, field } from './campaign-cards.ts';
import { status, typed } from './parts.ts';

/** Two subjects on a part of the list. */
export function subjectsForm(campaign: CampaignView, people: number): Html | undefined {
  if (campaign.channel !== 'email' || people < 10) return undefined;
  const body = html`<form class="stack-s" method="post" action="/campaigns/${campaign.id}/subjects">
    ${field('a', 'Тема А', html`<input class="input" id="a" name="a" required maxlength="150" />`)}
    ${field('b', 'Тема Б', html`<input class="input" id="b" name="b" required maxlength="150" />`)}
    ${field('share', 'На скольких пробуем, % списка', html`<input class="input" id="share" name="share" inputmode="numeric" value="20" />`)}
    ${field('wait', 'Сколько часов ждём переходов', html`<input class="input" id="wait" name="wait" inputmode="decimal" value="4" />`)}
    ${field('sure-all', `Сколько всего людей получит письмо: напишите ${people}`, html`<input class="input" id="sure-all" name="sure" required autocomplete="off" />`)}
    <button class="btn btn-danger-final">Запустить с двумя темами</button>
    <p class="hint">
      Половина пробы получит А, половина Б. Остальные сами получат ту, по которой больше переходят.
    </p>
  </form>`;
  return card('subjects', 'Две темы', html`<details class="what"><summary>Попробовать две темы</summary>${body}</details>`); // prettier-ignore
}

export function waitingCard(
  { subjectA, subjectB, aId, bId, decideAt }: SubjectTestView,
  clock: Clock,
): Html {
  // prettier-ignore
  const line = (id: string, subject: string) =>
    html`<li><a href="/campaigns/${id}">${typed(subject, 150)}</a><span></span></li>`;
  return card(
    'subjects',
    'Две темы',
    html`<ul class="items">
        ${line(aId, subjectA)}${line(bId, subjectB)}
      </ul>
      <p>
        ${decideAt ? `Лучшую выберем ${moment(decideAt, clock)}, и она сама уйдёт остальным.` : 'Обе темы сейчас уходят.'}
      </p>`,
  );
}

/** On the page of any of the three campaigns. */
export function triedSubjects(test: SubjectTestView | null, clock: Clock): Html | undefined {
  if (!test) return undefined;
  const won = status({ tone: 'good', icon: 'circle-check', word: 'победила' });
  const line = (which: 'a' | 'b', id: string, subject: string) =>
    html`<li>
      <a href="/campaigns/${id}">${typed(subject, 150)}</a>
      <span>${test.winner === which && test.decidedAt && won}</span>
    </li>`;
  const { decideAt, decidedAt } = test;
  const rest = decidedAt ? 'Остальные' : decideAt ? `Выбор ${moment(decideAt, clock)}` : 'Остальные ждут'; // prettier-ignore
  return html`<section class="card w-5" aria-labelledby="h-subjects">
    <div class="card-head"><h2 id="h-subjects">Две темы</h2></div>
    <ul class="items">
      ${line('a', test.aId, test.subjectA)}${line('b', test.bId, test.subjectB)}
      <li><a href="/campaigns/${test.id}">${rest}</a><span></span></li>
    </ul>
  </section>`;
}
