/* global document, location, history, crypto, performance, innerHeight, fetch, AbortSignal, URLSearchParams */
/**
 * Both landing forms, posting to landing-api the way a landing page does. What becomes of a lead is shown by
 * lead-path.js. Whatever a person typed reaches the page as text only.
 */
import { element, watchLead } from './lead-path.js';
import { PEOPLE } from './people.js';
import { ANSWERS, FIELD_REMARKS } from './words.js';

const FORMS = {
  proftest: {
    title: 'Узнайте, какая профессия вам подходит',
    lead: 'Два вопроса, и мы пришлём результат на почту и в SMS.',
    submit: 'Получить результат',
  },
  purchase: {
    title: 'Запишитесь на курс',
    lead: 'Оставьте заявку, и мы поможем с оплатой.',
    submit: 'Записаться',
  },
};
const RESULTS = {
  data: 'Аналитик данных',
  design: 'Дизайнер интерфейсов',
  code: 'Веб-разработчик',
  marketing: 'Маркетолог',
};

const UTM_SAMPLE = {
  utm_source: 'instagram',
  utm_medium: 'cpc',
  utm_campaign: 'spring_2026',
  utm_content: 'story_3',
  utm_term: 'новая профессия',
};
const SLUG_SAMPLE = 'spring_a';
/** A landing page's visitor would have left by then. */
const POST_TIMEOUT_MS = 20_000;
const MOST_ANSWERS = 8;
const LONGEST_LINE = 120;

const $ = (id) => document.getElementById(id);
const form = $('form');
const field = (name) => form.elements.namedItem(name);
const query = new URLSearchParams(location.search);
const kind = query.get('form') === 'purchase' ? 'purchase' : 'proftest';

/** One showing of the form to one person: its id is what makes a repeat recognisable. */
let view = { submissionId: '', sent: undefined };
let apiUrl;
let hasStatus = false;

showForm();
fillOrigin();
startView();
addPeople();
form.addEventListener('submit', (event) => {
  event.preventDefault();
  void send([readBody()]);
});
form.addEventListener('input', showWire);
$('double').addEventListener('click', () => {
  const body = readBody();
  void send([body, body]);
});
$('again').addEventListener('click', () => void send([view.sent]));
$('fresh').addEventListener('click', () => {
  fillPerson({});
  field('name').focus();
});
await readConfig();

async function readConfig() {
  const config = await fetch('config.json')
    .then((response) => response.json())
    .catch(() => ({}));
  apiUrl = config.apiUrl;
  hasStatus = config.hasStatus === true;
  const missing = apiUrl
    ? hasStatus
      ? ''
      : 'Песочница запущена без STATUS_TOKEN: заявки уйдут, но их статус здесь не увидеть.'
    : 'Песочница запущена без LANDING_API_URL: неизвестно, куда слать заявки.';
  $('trouble').textContent = missing;
  $('trouble').hidden = missing === '';
  if (!apiUrl) return;
  $('docs').href = `${apiUrl}/docs`;
  $('docs').hidden = false;
  $('submit').disabled = false;
  $('double').disabled = false;
  showWire();
  const earlier = /^#lead=([0-9a-f-]{36})$/.exec(location.hash)?.[1];
  if (earlier && hasStatus) void watchLead(earlier);
}

function showForm() {
  const { title, lead, submit } = FORMS[kind];
  $('form-title').textContent = title;
  $('form-lead').textContent = lead;
  $('submit').textContent = submit;
  for (const part of document.querySelectorAll('[data-only]')) {
    part.hidden = part.dataset.only !== kind;
  }
  for (const link of document.querySelectorAll('.tabs a')) {
    const target = new URLSearchParams(query);
    target.set('form', link.dataset.form);
    link.href = `?${target}`;
    if (link.dataset.form === kind) link.setAttribute('aria-current', 'page');
  }
}

/** The page's own query string, as a landing page has it from the advertisement; without one, an example. */
function fillOrigin() {
  const isTagged = Object.keys(UTM_SAMPLE).some((name) => query.has(name));
  for (const [name, sample] of Object.entries(UTM_SAMPLE)) {
    field(name).value = isTagged ? (query.get(name) ?? '') : sample;
  }
  field('slug').value = query.get('slug') ?? SLUG_SAMPLE;
  $('origin-hint').textContent = isTagged
    ? 'Взято из адреса этой страницы. Можно изменить.'
    : 'Это пример: в адресе страницы меток нет. Можно изменить.';
}

function startView() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  view = { submissionId: `form-${hex}`, sent: undefined };
  $('again').disabled = true;
  showRemarks([]);
  showWire();
}

function addPeople() {
  for (const person of PEOPLE) {
    const chip = element('button', 'chip', person.label);
    chip.type = 'button';
    chip.addEventListener('click', () => fillPerson(person));
    $('people').append(chip);
  }
}

/** Another person in front of the form is another view of it. */
function fillPerson({ name = '', email = '', phone = '', trap = '' }) {
  for (const [key, value] of Object.entries({ name, email, phone, lw_topic: trap })) {
    field(key).value = value;
  }
  startView();
}

function showWire() {
  $('trap-note').hidden = field('lw_topic').value === '';
  $('submission-id').textContent = view.submissionId;
  $('address').textContent = apiUrl ? `POST ${postAddress()}` : '';
}

function postAddress() {
  if (kind === 'purchase') return `${apiUrl}/api/landing/submit`;
  const slug = field('slug').value.trim();
  return `${apiUrl}/api/landing/proftest${slug && `/${encodeURIComponent(slug)}`}`;
}

function readBody() {
  const valueOf = (name) => field(name).value;
  const utm = Object.keys(UTM_SAMPLE)
    .map((name) => [name, valueOf(name).trim()])
    .filter(([, value]) => value !== '');
  return {
    submissionId: view.submissionId,
    name: valueOf('name'),
    email: valueOf('email'),
    phone: valueOf('phone'),
    lw_topic: valueOf('lw_topic'),
    ...(kind === 'proftest'
      ? { answers: readAnswers() }
      : { paymentMethod: valueOf('paymentMethod') }),
    ...Object.fromEntries(utm),
    metadata: {
      page: location.origin + location.pathname,
      ...(kind === 'purchase' && { course: valueOf('course') }),
    },
  };
}

function readAnswers() {
  const { value } = field('interest');
  const chosen = form.querySelector('input[name="interest"]:checked').parentElement;
  return {
    result: RESULTS[value],
    interest: chosen.textContent.trim(),
    hours_per_week: Number(field('hours').value),
    remote: field('remote').checked,
  };
}

/** Posts the bodies at the same time, shows every answer and follows the lead. */
async function send(bodies) {
  setBusy(true);
  showRemarks([]);
  const sentFrom = view;
  const address = postAddress();
  const answers = await Promise.all(bodies.map((body) => post(address, body)));
  for (const answer of answers) showAnswer(answer);
  const accepted = answers.find(({ json }) => json?.success === true && json.leadId);
  if (view === sentFrom) {
    showRemarks(answers[0].json?.issues ?? []);
    if (accepted) view.sent = accepted.body;
  }
  setBusy(false);
  if (!accepted) return;
  history.replaceState(null, '', `#lead=${accepted.json.leadId}`);
  // The first look fills the place: an empty one is too low to be scrolled to the top.
  if (hasStatus) await watchLead(accepted.json.leadId);
  // On a phone the outcome is below the form.
  const isBelow = $('outcome').getBoundingClientRect().top > innerHeight * 0.6;
  if (isBelow) $('outcome').scrollIntoView({ block: 'start' });
}

async function post(address, body) {
  const startedAt = performance.now();
  const ms = () => Math.round(performance.now() - startedAt);
  try {
    const response = await fetch(address, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(POST_TIMEOUT_MS),
    });
    const text = await response.text();
    const retryAfter = response.headers.get('retry-after');
    return { status: response.status, text, json: readJson(text), retryAfter, ms: ms(), body };
  } catch (error) {
    return { status: 0, text: String(error?.message ?? error), ms: ms(), body };
  }
}

function readJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function setBusy(isBusy) {
  for (const id of ['submit', 'double', 'fresh']) $(id).disabled = isBusy;
  $('again').disabled = isBusy || view.sent === undefined;
  form.setAttribute('aria-busy', String(isBusy));
}

function showRemarks(issues) {
  for (const place of document.querySelectorAll('[data-remark]')) {
    const issue = issues.find(({ path }) => path === place.dataset.remark);
    place.textContent = issue ? (FIELD_REMARKS[issue.message] ?? issue.message) : '';
    field(place.dataset.remark).setAttribute('aria-invalid', String(issue !== undefined));
  }
}

function showAnswer({ status, text, json, retryAfter, ms, body }) {
  const isGood = status === 200 || status === 201;
  const code = element('b', `code ${isGood ? 'good' : 'bad'}`, status === 0 ? '×' : String(status));
  const words = ANSWERS[status] ?? 'Ответ API';
  const wait = retryAfter ? ` (через ${retryAfter} с)` : '';
  // As it came; a long one is easier to read in lines.
  const isLong = json !== undefined && text.length > LONGEST_LINE;
  const answer = isLong ? JSON.stringify(json, null, 2) : text;
  const request = element('details', '', element('summary', '', 'Что отправили'));
  request.append(element('pre', '', JSON.stringify(body, null, 2)));
  const head = element('div', 'answer-head', code, element('span', '', words + wait));
  head.append(element('small', '', `${ms} мс`));
  $('answer-list').prepend(element('li', '', head, element('pre', 'raw', answer), request));
  while ($('answer-list').children.length > MOST_ANSWERS) $('answer-list').lastChild.remove();
  $('answers').hidden = false;
}
