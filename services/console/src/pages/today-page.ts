/** Сегодня: one sentence first, then numbers. */
import type { HealthFinding } from '@leadwire/operations/health/finding';
import type { Today } from '../data/today.ts';
import { html, type Content, type Html } from '../html.ts';
import { amount, counted, longMoment, span, weekdayAccusative, type Clock } from '../words/time.ts';
import { sourceWords } from '../words/reasons.ts';
import { dayChart } from './day-chart.ts';
import { icon } from './parts.ts';

/** A fault as a person needs it: what, what it means, what to do. */
export interface Fault {
  tone: 'bad' | 'warn';
  title: string;
  text: Content;
  button?: Html;
}

/** With fewer usual leads than this in three hours, none of them is no news. */
const SILENCE_FROM = 3;
const LEADS: [string, string, string] = ['заявка', 'заявки', 'заявок'];

/** What is wrong by these numbers and by what was found out about the parts; the gravest first. */
export function faultsOf(
  today: Today,
  isBrokerAway: boolean,
  findings: readonly HealthFinding[],
  clock: Clock,
): Fault[] {
  const faults: Fault[] = findings.map(({ state, title, text, meaning, remedy }) => ({
    tone: state === 'broken' ? 'bad' : 'warn',
    title: `${title}: ${text}`,
    text: [meaning, remedy].filter((sentence) => sentence !== undefined).join('. '),
  }));
  if (isBrokerAway) {
    faults.unshift({
      tone: 'bad',
      title: 'Очередь сообщений не отвечает',
      text: html`<b>Заявки принимаются и ждут в журнале на диске.</b> Письма, SMS и сделки уйдут
        сами, как только связь вернётся.`,
    });
  }
  const usual = today.usualDays > 0 ? today.usualHours / today.usualDays : 0;
  if (today.lastHours === 0 && usual >= SILENCE_FROM) {
    faults.push({
      tone: 'warn',
      title: `Тихо: за 3 часа ни одной заявки, обычно ${amount(Math.round(usual))}`,
      text: today.lastLeadAt
        ? `Последняя пришла ${span(clock.now().getTime() - Date.parse(today.lastLeadAt))} назад. Реклама может идти на сломанную форму.`
        : 'Реклама может идти на сломанную форму.',
      button: html`<a class="btn" href="/leads">Открыть заявки</a>`,
    });
  }
  return faults;
}

export function todayPage(today: Today, faults: readonly Fault[], clock: Clock): Html {
  return html`<div id="live" data-live>
    <div class="head">
      <div><h1>Сегодня</h1></div>
      <p class="head-note">
        <time datetime="${clock.now().toISOString()}">${longMoment(clock.now(), clock)}</time>
      </p>
    </div>
    <div class="stack">
      ${verdict(faults, today)}
      <div class="grid">
        ${leadsCard(today, clock)}${sourcesCard(today)}${messagesCard(today)}${attentionCard(today)}
      </div>
    </div>
  </div>`;
}

function verdict(faults: readonly Fault[], today: Today): Html {
  const [first, ...more] = faults;
  if (!first) {
    return html`<section class="verdict verdict-good" aria-labelledby="verdict">
      <span class="st st-good st-pill">${icon('circle-check')} <span>Всё в порядке</span></span>
      <h2 id="verdict">Всё работает</h2>
      <p>
        ${today.lastLeadAt === null ? 'Заявок ещё не было. Первая появится здесь сама.' : 'Заявки приходят, письма, SMS и сделки уходят.'}
      </p>
    </section>`;
  }
  const [pill, name] =
    first.tone === 'bad'
      ? ['Нужно ваше действие', 'octagon-alert']
      : ['Стоит взглянуть', 'triangle-alert'];
  return html`<section class="verdict verdict-${first.tone}" aria-labelledby="verdict">
    <span class="st st-${first.tone} st-pill">${icon(name)} <span>${pill}</span></span>
    <h2 id="verdict">${first.title}</h2>
    <p>${first.text}</p>
    ${first.button && html`<div class="row row-fill">${first.button}</div>`}
    ${
      more.length > 0 &&
      html`<ul class="verdict-more" aria-label="Ещё">
        ${more.map(lesser)}
      </ul>`
    }
  </section>`;
}

const lesser = ({ tone, title, text, button }: Fault) =>
  html`<li>
    <div>
      <span class="st st-${tone}">${icon('triangle-alert')} <span>${title}</span></span>
      <p>${text}</p>
    </div>
    ${button}
  </li>`;

function leadsCard(today: Today, clock: Clock): Html {
  const count = today.today.reduce((sum, hour) => sum + hour.count, 0);
  return html`<section class="card card-col w-7" aria-labelledby="h-leads">
    <div class="card-head">
      <h2 id="h-leads">Заявки</h2>
      <a href="/leads">Открыть список</a>
    </div>
    <p class="big"><b>${amount(count)}</b><span>${comparison(count, today, clock)}</span></p>
    ${dayChart(today, clock)}
  </section>`;
}

/** A comparison names what it compares with. */
function comparison(count: number, today: Today, clock: Clock): string {
  if (today.usualDays === 0) return 'сравнить пока не с чем: нет таких же дней раньше';
  const usualNow = today.sources.reduce((sum, { usual }) => sum + usual, 0) / today.usualDays;
  const more = count - Math.round(usualNow);
  const than = `обычно ${weekdayAccusative(clock.now(), clock)} к этому времени`;
  if (more === 0) return `столько же, сколько ${than}`;
  return `на ${amount(Math.abs(more))} ${more > 0 ? 'больше' : 'меньше'}, чем ${than}`;
}

function sourcesCard({ sources, usualDays }: Today): Html {
  const rows = sources.map(({ source, today, usual }) => ({
    source,
    today,
    usual: usualDays > 0 ? usual / usualDays : 0,
  }));
  const most = Math.max(1, ...rows.map(({ today, usual }) => Math.max(today, usual)));
  const wide = (part: number) => `${((part / most) * 96).toFixed(1)}%`;
  const list = html`<ul class="bars">
    ${rows.map(
      ({ source, today, usual }) =>
        html`<li>
          <span>${sourceWords(source)}</span>
          <span class="value"
            ><b>${amount(today)}</b
            >${usualDays > 0 && html` <span>обычно ${amount(Math.round(usual))}</span>`}</span
          >
          <svg class="bar" aria-hidden="true">
            <rect class="bar-bed" y="2" width="100%" height="6" rx="3"></rect>
            ${today > 0 && html`<rect class="bar-fill" y="2" width="${wide(today)}" height="6" rx="3"></rect>`}
            ${usualDays > 0 && html`<rect class="bar-tick" x="${wide(usual)}" width="2" height="10" rx="1"></rect>`}
          </svg>
        </li>`,
    )}
  </ul>`;
  return html`<section class="card w-5" aria-labelledby="h-src">
    <div class="card-head"><h2 id="h-src">Откуда</h2></div>
    ${rows.length > 0 ? list : html`<p class="soft">Сегодня заявок ещё нет.</p>`}
  </section>`;
}

const CHANNELS = [
  { channel: 'email', word: 'Письма', icon: 'mail' },
  { channel: 'sms', word: 'SMS', icon: 'message-square' },
  { channel: 'telegram', word: 'Telegram', icon: 'telegram' },
] as const;

function messagesCard({ messages, deals }: Today): Html {
  const channels = CHANNELS.map(({ channel, word, icon: name }) => {
    const found = messages.find((each) => each.channel === channel);
    const { sent = 0, delivered = 0, waiting = 0, failed = 0 } = found ?? {};
    const arrived = channel === 'telegram' ? null : delivered;
    return channelRow(word, name, [sent, arrived, waiting, failed]);
  });
  const { made, waiting, failed } = deals;
  const deal = channelRow('Сделки', 'briefcase-business', [made, null, waiting, failed]);
  const skipped = messages.reduce((sum, each) => sum + each.skipped, 0);
  return html`<section class="card card-col w-7" aria-labelledby="h-msg">
    <div class="card-head">
      <h2 id="h-msg">Сообщения</h2>
      <p class="soft">запланированные сегодня</p>
    </div>
    <ul class="channels">
      ${channels}${deal}
    </ul>
    ${skipped > 0 && html`<p class="card-foot">Ещё ${counted(skipped, ['пропущено', 'пропущены', 'пропущено'])}: нет контакта или человек отписался.</p>`}
  </section>`;
}

const LABELS = ['отправлено', 'доставлено', 'ждут', 'не ушло'];

/** @param counts by LABELS; null for what nobody tells */
function channelRow(
  word: string,
  name: string,
  counts: readonly [number, number | null, number, number],
): Html {
  const cells = counts.map((count, index) => {
    const isBad = index === counts.length - 1 && count !== 0;
    const look = isBad ? html` class="bad"` : !count && html` class="zero"`;
    return html`<div><dt>${LABELS[index]}</dt><dd${look}>${count === null ? '—' : amount(count)}</dd></div>`;
  });
  const [good, , wait, bad] = counts;
  const bar = shareBar([
    ['good', good],
    ['wait', wait],
    ['bad', bad],
  ]);
  return html`<li>
    <h3>${icon(name)} ${word}</h3>
    <dl>${cells}</dl>
    ${bar}
  </li>`;
}

function shareBar(shares: readonly (readonly [string, number])[]): Html {
  const all = shares.reduce((sum, [, count]) => sum + count, 0);
  let from = 0;
  const parts = shares.map(([tone, count]) => {
    const width = all === 0 ? 0 : (count / all) * 100;
    const part = html`<rect
      class="fill-${tone}"
      x="${from.toFixed(1)}%"
      width="${Math.max(0, width - 0.5).toFixed(1)}%"
      height="6"
      rx="3"
    ></rect>`;
    from += width;
    return width > 0 && part;
  });
  return html`<svg class="bar" aria-hidden="true">
    <rect class="bar-bed" width="100%" height="6" rx="3"></rect>
    ${parts}
  </svg>`;
}

function attentionCard({ troubled, quarantined }: Today): Html {
  const calm = html`<p class="soft">За 30 дней всё, что должно было уйти, ушло.</p>`;
  const rest = troubled - quarantined;
  const line = (word: string, count: number, href: string, sub: string) =>
    count > 0 &&
    html`<li>
      <a class="name" href="${href}">${word}</a> <span>${counted(count, LEADS)}</span
      ><span class="sub">${sub}</span>
    </li>`;
  const list = html`<ul class="lines">
    ${line('Не всё ушло', rest, '/leads?troubled=1', 'Письмо, SMS или сделка не дошли, или неизвестно')}
    ${line('В карантине', quarantined, '/leads?quarantined=1', 'Похоже на бота: им ничего не отправлено')}
  </ul>`;
  return html`<section class="card w-5" aria-labelledby="h-att">
    <div class="card-head">
      <h2 id="h-att">Стоит посмотреть</h2>
      <p class="soft">за 30 дней</p>
    </div>
    ${troubled > 0 ? list : calm}
  </section>`;
}
