/* global document, fetch, setTimeout, clearTimeout, setInterval */
/** What becomes of a lead, live: one timeline for each of its ways, asked for until all of them have ended. */
import { waysOf } from './lead-steps.js';
import { CONTACT_REMARKS, PAYMENTS, STATUS_TROUBLE } from './words.js';

/** Near the due time something happens within a second; ten minutes before it nothing does. */
const POLL_NEAR_MS = 700;
const POLL_FAR_MS = 4_000;
const NEAR_MS = 5_000;
const TICK_MS = 200;

const $ = (id) => document.getElementById(id);
/** As on the inbox page: the business's own time, wherever the browser is. */
const timeZone = 'Asia/Almaty';
const timeOfDay = new Intl.DateTimeFormat('ru-RU', { timeStyle: 'medium', timeZone });
const day = new Intl.DateTimeFormat('ru-RU', { dateStyle: 'long', timeZone });
const clockTime = (iso) => timeOfDay.format(new Date(iso));

let watched = { leadId: '', timer: 0 };
let shown = '';

/** An element with text and elements in it; text never becomes markup. */
export function element(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content);
  return made;
}

showEmpty();
setInterval(tick, TICK_MS);

/** Follows this lead from now on, and no other. Resolves when something of it is shown. */
export function watchLead(leadId) {
  clearTimeout(watched.timer);
  watched = { leadId, timer: 0 };
  shown = '';
  showState({ text: 'Узнаём…' });
  return look(watched);
}

async function look(watch) {
  const answer = await ask(watch.leadId);
  if (watch !== watched) return;
  const isKnown = answer.status === 200;
  if (isKnown) showPath(answer.body);
  else showTrouble(answer.status);
  if (isKnown ? isSettled(answer.body) : answer.status === 400) return;
  const dues = isKnown ? Object.values(answer.body.channels).map(dueIn) : [];
  const wait = isKnown && Math.min(...dues) < NEAR_MS ? POLL_NEAR_MS : POLL_FAR_MS;
  watch.timer = setTimeout(() => void look(watch), wait);
}

async function ask(leadId) {
  try {
    const response = await fetch(`api/leads/${encodeURIComponent(leadId)}/status`);
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: 502 };
  }
}

const isSettled = (told) => waysOf(told).every(({ status }) => status !== 'pending');

/** Milliseconds until it is due; a channel that is not planned yet may be at any moment. */
function dueIn({ status, scheduled_for: due }) {
  if (status !== 'pending') return Infinity;
  return due ? Date.parse(due) - Date.now() : 0;
}

function showEmpty() {
  const steps = ['Заявка принята', 'Сделка заведена, группы знают', 'Письмо и SMS отправлены'];
  const list = element('ol', 'steps ghost');
  for (const text of steps) list.append(step({ mark: 'todo', title: text }));
  $('path-body').replaceChildren(
    element('p', 'hint', 'Отправьте форму, и здесь будет видно каждый шаг.'),
    list,
  );
}

function showTrouble(status) {
  const text = STATUS_TROUBLE[status] ?? `Статус не узнать: ответ ${status}`;
  showState({ text: '' });
  // What was true a moment ago does not stand beside it: nobody knows whether it still is.
  shown = '';
  $('path-body').replaceChildren(element('p', 'alert', text));
}

function showPath(told) {
  const { lead, channels } = told;
  const isPast = Object.values(channels).map((channel) => dueIn(channel) <= 0);
  const key = JSON.stringify([told, isPast]);
  if (key !== shown) {
    shown = key;
    const ways = waysOf(told);
    showState(summary(channels, ways));
    $('path-body').replaceChildren(
      aboutLead(lead),
      element('div', 'channels', ...ways.map(wayPart)),
      leadFoot(lead, channels),
    );
  }
  tick();
}

/** The messages in one word, and whether anything of the lead needs a person; `isOdd` asks for a look. */
function summary(channels, ways) {
  const states = Object.values(channels).map(({ status }) => status);
  if (states.includes('pending')) return { text: 'В пути' };
  if (ways.some(({ status }) => status === 'failed' || status === 'unknown')) {
    return { text: 'Нужен человек', isOdd: true };
  }
  if (states.every((state) => state === 'sent')) return { text: 'Всё отправлено' };
  return states.includes('sent')
    ? { text: 'Готово' }
    : { text: 'Ничего не отправлено', isOdd: true };
}

function showState({ text, isOdd = false }) {
  $('path-state').textContent = text;
  $('path-state').classList.toggle('odd', isOdd);
}

/** The lead as the system understood it: this is what goes on to every other place. */
function aboutLead(lead) {
  const remarksOn = (...parts) =>
    lead.contactIssues
      .filter((issue) => parts.some((part) => issue.startsWith(part)))
      .map((issue) => CONTACT_REMARKS[issue]?.(lead.emailSuggestion) ?? issue)
      .join('; ');
  const utm = Object.entries(lead.utm).map(([name, value]) => `${name}: ${value}`);
  const rows = [
    ['Имя', lead.name, remarksOn('name')],
    ['Почта', lead.email ?? '—', remarksOn('email')],
    ['Телефон', lead.phone ?? '—', remarksOn('phone')],
    ['Источник', lead.source, remarksOn('form', 'key')],
    ['Оплата', PAYMENTS[lead.paymentMethod] ?? lead.paymentMethod],
    ['UTM', utm.join(', ')],
    ['Время', `${day.format(new Date(lead.receivedAt))}, Алматы`],
  ];
  const list = element('dl', 'about');
  for (const [label, value, remark] of rows) {
    if (!value) continue;
    const shownValue = element('dd', '', value);
    if (remark) shownValue.append(element('em', '', remark));
    list.append(element('div', '', element('dt', '', label), shownValue));
  }
  return list;
}

function wayPart({ name, title, status, steps, link }) {
  const list = element('ol', 'steps');
  for (const each of steps) list.append(step(each));
  const part = element('section', 'channel', element('h3', '', title), list);
  part.dataset.channel = name;
  part.dataset.status = status;
  if (link) {
    const anchor = element('a', 'way-link', link.text);
    anchor.href = link.href;
    part.append(anchor);
  }
  return part;
}

function step({ mark, title, time, note, hint, countdown }) {
  const head = element('p', 'step-title', title);
  if (time) {
    const shownTime = element('time', '', clockTime(time));
    shownTime.dateTime = time;
    head.append(' ', shownTime);
  }
  const item = element('li', mark, head);
  if (countdown) {
    const left = element(
      'p',
      'left',
      element('b', '', ''),
      element('span', 'bar', element('i', '')),
    );
    Object.assign(left.dataset, countdown);
    item.append(left);
  }
  if (note) item.append(element('p', 'note', note));
  if (hint) item.append(element('p', 'note', hint));
  return item;
}

function leadFoot(lead, channels) {
  const foot = element('p', 'foot', 'Заявка ', element('code', '', lead.leadId));
  const isSent = Object.values(channels).some(({ status }) => status === 'sent');
  if (!isSent) return foot;
  const link = element('a', 'inbox', 'Открыть письма и SMS');
  link.href = '/';
  foot.prepend(link);
  return foot;
}

/** Counts down between two looks at the status. */
function tick() {
  for (const left of document.querySelectorAll('.left')) {
    const [from, due] = [Date.parse(left.dataset.from), Date.parse(left.dataset.due)];
    const ms = Math.max(0, due - Date.now());
    left.firstChild.textContent = inWords(ms);
    const done = due > from ? 1 - ms / (due - from) : 1;
    left.querySelector('i').style.width = `${Math.min(100, Math.max(0, done * 100))}%`;
  }
}

function inWords(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `ещё ${seconds} с`;
  const rest = String(seconds % 60).padStart(2, '0');
  return `ещё ${Math.floor(seconds / 60)} мин ${rest} с`;
}
