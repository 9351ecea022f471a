/** To whom a draft goes: people of a segment, or of a table. */
import type { CampaignView, SegmentView } from '@leadwire/operations/campaigns/campaign-view';
import { html, type Content, type Html } from '../html.ts';
import { counted } from '../words/time.ts';
import { card, field } from './campaign-cards.ts';
import { PEOPLE } from './campaigns-page.ts';
import { typed } from './parts.ts';

/** Who is chosen so far, and the two ways to choose: a segment, or a table. */
export function peopleCard(campaign: CampaignView, segments: readonly SegmentView[]): Html {
  const { id, source, counts } = campaign;
  const saved = segments.map(
    (each) =>
      html`<option value="${each.id}" ${source['segmentId'] === each.id && html` selected`}>
        ${each.name}
      </option>`,
  );
  const bySegment = html`<form class="stack-s" method="post" action="/campaigns/${id}/people">
    <input type="hidden" name="kind" value="segment" />
    ${field(
      'segment',
      'Сегмент',
      html`<select class="input" id="segment" name="segment">
        ${saved}
      </select>`,
    )}
    <div class="row">
      <button class="btn">Взять людей сегмента</button>
      <a class="btn btn-quiet" href="/campaigns/segments/new">Новый сегмент</a>
    </div>
  </form>`;
  const byList = html`<form class="stack-s" method="post" action="/campaigns/${id}/people">
    <input type="hidden" name="kind" value="csv" />
    <input type="hidden" name="base64" data-file-bytes />
    ${field('file', 'Файл таблицы (CSV)', html`<input class="input" type="file" id="file" accept=".csv,.txt,text/csv" data-file />`)}
    ${field('csv', 'Или вставьте строки таблицы вместе с заголовками', html`<textarea class="input input-tall" id="csv" name="csv" rows="4" placeholder="Имя;E-mail;Телефон"></textarea>`)}
    ${field('exclude', 'Кому не писать: адреса и телефоны через запятую', html`<input class="input" id="exclude" name="exclude" autocomplete="off" />`)}
    <button class="btn">Взять людей списка</button>
  </form>`;
  const now =
    counts.audience === 0
      ? 'Пока никого.'
      : html`<b>В списке ${counted(counts.audience, PEOPLE)}</b>, ${sourceWords(campaign)}. Новый
          выбор заменит его.`;
  const segment =
    segments.length > 0
      ? bySegment
      : html`<p>
          <a href="/campaigns/segments/new">Сделать сегмент</a>: люди по заявкам, покупкам и прошлым
          рассылкам.
        </p>`;
  return card(
    'people',
    '2. Кому',
    html`<p>${now}</p>
      ${segment}
      <details class="what">
        <summary>Из таблицы</summary>
        ${byList}
      </details>`,
  );
}

function sourceWords({ source }: CampaignView): Content {
  if (source['kind'] === 'segment') {
    const name = typeof source['name'] === 'string' ? source['name'] : undefined;
    return html`${name ? html`сегмент «${typed(name, 60)}»` : 'по условиям'}, при запуске список
    обновится`;
  }
  return source['kind'] === 'table' ? 'из таблицы базы' : 'из загруженной таблицы';
}
