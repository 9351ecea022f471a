// Comfort only: everything works without it. Themes change without a reload, and what is live refreshes by itself.
const root = document.documentElement;

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-theme-switch]');
  if (!button) return;
  event.preventDefault();
  const isDark = getComputedStyle(root).colorScheme === 'dark';
  root.dataset.theme = isDark ? 'light' : 'dark';
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax`;
});

// A filter that was opened closes when somebody clicks beside it.
document.addEventListener('click', (event) => {
  for (const open of document.querySelectorAll('details.pop-root[open], details.nav-more[open]')) {
    if (!open.contains(event.target)) open.open = false;
  }
});

/** Fetches this page again and takes over the parts that are live, but one that somebody is in the middle of. */
async function refresh() {
  const parts = [...document.querySelectorAll('[data-live]')].filter((part) => !isBusy(part));
  if (parts.length === 0) return;
  const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
  // Away for a moment: asked again. Signed out: the next click says so.
  if (answer.status >= 500) throw new Error('not now');
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const part of parts) takeOver(part, page.getElementById(part.id));
}

function isBusy(part) {
  const isIn = part.contains(document.activeElement) || part.querySelector('details[open]');
  return isIn && document.activeElement !== document.body;
}

function takeOver(part, fresh) {
  if (!fresh) return;
  const known = new Set([...part.querySelectorAll('[data-row]')].map(({ dataset }) => dataset.row));
  for (const row of fresh.querySelectorAll('[data-row]')) {
    if (!known.has(row.dataset.row)) row.classList.add('is-new');
  }
  part.replaceWith(fresh);
}

if (document.querySelector('[data-live]') && 'EventSource' in globalThis) listen();

function listen() {
  const source = new EventSource('/live');
  let timer;
  let wasAway = false;
  const refreshIn = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      refresh().catch(() => refreshIn(5_000));
    }, ms);
  };
  source.addEventListener('changed', () => refreshIn(100));
  // What happened meanwhile nobody has told.
  source.addEventListener('open', () => {
    if (wasAway) refreshIn(100);
    wasAway = false;
  });
  source.addEventListener('error', () => {
    wasAway = true;
    // The browser comes back by itself unless it was refused; then this does, once there may be somebody again.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5_000);
  });
}

// A file is read into the field that it is for; what is sent is the field.
document.addEventListener('change', async (event) => {
  const input = event.target.closest('[data-file-into]');
  const file = input?.files?.[0];
  if (!file) return;
  const bytes = await file.arrayBuffer();
  let text;
  try {
    text = new globalThis.TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    text = new globalThis.TextDecoder('windows-1251').decode(bytes);
  }
  document.getElementById(input.dataset.fileInto).value = text;
});

// A table that is chosen or dropped goes with the form as the bytes that it is: only they tell its encoding.
document.addEventListener('change', async ({ target }) => {
  if (!target.matches('[data-file]')) return;
  const bytes = target.form.querySelector('[data-file-bytes]');
  const [file] = target.files;
  const reader = new globalThis.FileReader();
  reader.addEventListener('load', () => {
    bytes.value = String(reader.result).replace(/^[^,]*,/, '');
  });
  if (file) reader.readAsDataURL(file);
  else bytes.value = '';
});

// A segment is counted while it is edited.
let counting;
for (const form of document.querySelectorAll('form[data-count]')) {
  form.addEventListener('change', () => {
    clearTimeout(counting);
    counting = setTimeout(() => count(form).catch(() => undefined), 300);
  });
}

async function count(form) {
  const body = new globalThis.URLSearchParams(new globalThis.FormData(form));
  body.set('act', 'count');
  const answer = await fetch(form.action, { method: 'POST', body });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page.getElementById('count');
  if (fresh) document.getElementById('count')?.replaceWith(fresh);
}

// The editor of texts shows what was written a moment after the last key, without being asked.
const editor = document.querySelector('[data-editor]');
const show = editor?.querySelector('[data-show]');
if (show) {
  let timer;
  editor.addEventListener('input', (event) => {
    if (event.target.name === 'look') return;
    clearTimeout(timer);
    timer = setTimeout(() => editor.requestSubmit(show), 600);
  });
  editor.requestSubmit(show);
}

// A picture is loaded as soon as it is chosen, unless it is too large: then nobody waits for the answer.
document.addEventListener('change', ({ target }) => {
  if (!target.matches('[data-picture]')) return;
  const [file] = target.files;
  const isTooLarge = file !== undefined && file.size > Number(target.dataset.picture);
  target.setCustomValidity(isTooLarge ? target.dataset.tooLarge : '');
  const button = target.closest('.text-fields').querySelector('[data-upload]');
  if (isTooLarge) target.reportValidity();
  else if (file) target.form.requestSubmit(button);
});

// Copying needs a script: the button is there with it.
for (const button of document.querySelectorAll('[data-copy]')) {
  if (!globalThis.navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener('click', async () => {
    await globalThis.navigator.clipboard.writeText(
      document.getElementById(button.dataset.copy).value,
    );
    button.textContent = 'Скопировано';
  });
}
