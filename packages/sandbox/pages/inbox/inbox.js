/* global document, location, localStorage, history, matchMedia, ResizeObserver, setTimeout, clearTimeout, fetch, CSS, DOMParser, EventSource */
/** Keeps the page fresh, remembers how a person likes to look at mails, and works the switches. */
const remembered = (key, fallback) => localStorage.getItem(`inbox-${key}`) ?? fallback;
const remember = (key, value) => localStorage.setItem(`inbox-${key}`, value);

// The system's theme holds until somebody chooses.
const root = document.documentElement;
root.dataset.theme = remembered('theme', '');
document.querySelector('#theme').addEventListener('click', () => {
  const isDark = root.dataset.theme
    ? root.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  remember('theme', root.dataset.theme);
});

/** `what` is width or scheme: sets the stage and presses the right button. */
function showMail(what, value) {
  const stage = document.querySelector('.stage');
  if (stage === null) return;
  stage.dataset[what] = value;
  if (what === 'scheme') colourMail(stage.querySelector('iframe'), value);
  for (const button of document.querySelectorAll(`.toolbar [data-${what}]`)) {
    button.setAttribute('aria-pressed', String(button.dataset[what] === value));
  }
}
/**
 * Not every browser tells a frame the colour scheme of the element around it, so the mail's own media queries are
 * answered here: the chosen one always holds, the other never.
 */
let original;
function colourMail(frame, scheme) {
  original ??= frame.srcdoc;
  frame.srcdoc = original.replace(
    /\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/gi,
    (_, asked) => (asked.toLowerCase() === scheme ? '(min-width: 0px)' : '(max-width: 0px)'),
  );
}

/** The frame is as high as the mail: one page to scroll, and not a page within a page. */
function fit(frame) {
  const body = frame.contentDocument?.documentElement;
  if (!body) return;
  const grow = () => (frame.style.height = `${body.scrollHeight}px`);
  new ResizeObserver(grow).observe(frame.contentDocument.body ?? body);
  grow();
}
const mailFrame = document.querySelector('.stage iframe');
mailFrame?.addEventListener('load', () => fit(mailFrame));
if (mailFrame?.contentDocument?.readyState === 'complete') fit(mailFrame);

for (const what of ['width', 'scheme']) {
  const fallback = what === 'width' ? 'wide' : 'light';
  showMail(what, remembered(what, fallback));
  for (const button of document.querySelectorAll(`.toolbar [data-${what}]`)) {
    button.addEventListener('click', () => {
      remember(what, button.dataset[what]);
      showMail(what, button.dataset[what]);
    });
  }
}

const here = location.pathname === '/' ? '/inbox/resend' : location.pathname;

async function fetchText(url) {
  const response = await fetch(url);
  return response.ok ? response.text() : null;
}

/** Replacing takes the focus away: it goes to the same thing's new element. */
function keepFocus(replace) {
  const { fault, focus } = document.activeElement?.dataset ?? {};
  replace();
  if (fault) document.querySelector(`[data-fault="${CSS.escape(fault)}"]`)?.focus();
  if (focus) document.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
}

const search = document.querySelector('.search input');
const searched = () => search?.value.trim() ?? '';
let searching;
search?.addEventListener('input', () => {
  clearTimeout(searching);
  searching = setTimeout(() => {
    const words = searched();
    history.replaceState(null, '', words === '' ? here : `${here}?q=${encodeURIComponent(words)}`);
    void refresh();
  }, 200);
});

/** The list as the server sent it last: the browser's own serialisation differs. */
let drawn;

/** Fetches what the server drew anew. The open mail stays as it is, apart from its status. */
async function refresh() {
  // A list that is replaced would drop what is being dragged.
  if (document.body.dataset.dragging) return;
  const [live, list] = await Promise.all([
    fetchText(`${here}?fragment=live`),
    fetchText(`${here}?fragment=list&q=${encodeURIComponent(searched())}`),
  ]);
  if (live !== null) document.querySelector('#live').innerHTML = live;
  const box = document.querySelector('#list');
  if (list !== null && box !== null && list !== drawn) {
    drawn = list;
    const scrolled = [...box.querySelectorAll('.board')].map(({ scrollLeft }) => scrollLeft);
    keepFocus(() => (box.innerHTML = list));
    box.querySelectorAll('.board').forEach((board, index) => {
      board.scrollLeft = scrolled[index] ?? 0;
    });
  }
  if (document.querySelector('[data-live]') !== null) await refreshItem();
}

async function refreshItem() {
  const page = await fetchText(here);
  if (page === null) return;
  const fresh = new DOMParser().parseFromString(page, 'text/html');
  for (const element of document.querySelectorAll('[data-live]')) {
    const twin = fresh.querySelector(`[data-live="${element.dataset.live}"]`);
    if (twin !== null && twin.innerHTML !== element.innerHTML) {
      keepFocus(() => (element.innerHTML = twin.innerHTML));
    }
  }
}

const events = new EventSource('/inbox/events');
events.addEventListener('changed', refresh);
document.addEventListener('refresh-page', refresh);
// After a lost connection there may be news that nobody told.
let wasLost = false;
events.addEventListener('error', () => (wasLost = true));
events.addEventListener('open', () => {
  if (wasLost) void refresh();
  wasLost = false;
});

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-fault]');
  if (button === null) return;
  const isOn = button.getAttribute('aria-checked') === 'true';
  await fetch(`/__sim/faults/${encodeURIComponent(button.dataset.fault)}`, {
    method: isOn ? 'DELETE' : 'PUT',
    ...(!isOn && { body: '{}', headers: { 'content-type': 'application/json' } }),
  });
  await refresh();
});
