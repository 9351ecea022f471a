/* global document, location, fetch, confirm, setTimeout, FormData, MutationObserver */
/** Works the chats: typing as a person, commands on offer, groups. The page draws itself anew afterwards. */
async function post(path, body = {}) {
  const answer = await fetch(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
  return { ok: answer.ok, body: await answer.json() };
}

/** What the control plane refuses, in words for a person. */
const REFUSALS = [
  [/deleted/, 'Группа удалена: писать в неё нельзя.'],
  [/empty message/, 'Пустое сообщение не отправить.'],
  [/ now$/, 'Группа стала супергруппой: откройте её под новым номером.'],
];

const thread = document.querySelector('[data-thread]');
const form = document.querySelector('[data-say]');
const typing = form?.querySelector('[data-typing]');
const offers = form?.querySelector('[data-suggestions]');

/** Follows new messages as long as the reader is at the end. */
if (thread !== null) {
  const toEnd = () => (thread.scrollTop = thread.scrollHeight);
  let isAtEnd = true;
  thread.addEventListener('scroll', () => {
    isAtEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
  });
  new MutationObserver(() => isAtEnd && toEnd()).observe(thread, { childList: true });
  toEnd();
}

/** A group that has another number now is shown under it. */
const moved = document.querySelector('[data-live="moved"]');
if (moved !== null) {
  const follow = () => {
    const link = moved.querySelector('[data-moved]');
    if (link !== null) location.replace(link.href);
  };
  new MutationObserver(follow).observe(moved, { childList: true });
}

function grow() {
  typing.style.height = 'auto';
  typing.style.height = `${Math.min(typing.scrollHeight, 160)}px`;
}

function type(text) {
  if (!typing) return;
  typing.value = text;
  grow();
  offer();
  typing.focus();
}

/** Shows the commands that begin as the text does. */
function offer() {
  const begun = typing.value.trimStart().toLowerCase();
  const isCommand = /^\/[\w@]*$/.test(begun);
  let shown = 0;
  for (const button of offers.querySelectorAll('[data-type]')) {
    const text = button.dataset.type.toLowerCase();
    button.hidden = !isCommand || !text.startsWith(begun) || text === begun;
    button.classList.toggle('chosen', !button.hidden && shown === 0);
    if (!button.hidden) shown++;
  }
  offers.classList.toggle('open', shown > 0);
}

function choose(step) {
  const open = [...offers.querySelectorAll('[data-type]')].filter(({ hidden }) => !hidden);
  const at = open.findIndex((button) => button.classList.contains('chosen'));
  const next = open[(at + step + open.length) % open.length];
  for (const button of open) button.classList.toggle('chosen', button === next);
  next?.scrollIntoView({ block: 'nearest' });
}

async function say() {
  const data = new FormData(form);
  const text = typing.value;
  if (text.trim() === '') return;
  const { ok, body } = await post(form.dataset.say, {
    text,
    person: Number(data.get('person')),
  });
  const refusal = form.querySelector('[data-refusal]');
  refusal.hidden = ok;
  if (ok) {
    type('');
    thread.scrollTop = thread.scrollHeight;
  } else {
    const known = REFUSALS.find(([pattern]) => pattern.test(body.error));
    refusal.textContent = known?.[1] ?? body.error;
  }
}

function onKey(event) {
  const isOpen = offers.classList.contains('open');
  if (isOpen && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault();
    choose(event.key === 'ArrowDown' ? 1 : -1);
  } else if (isOpen && (event.key === 'Tab' || event.key === 'Enter')) {
    event.preventDefault();
    type(`${offers.querySelector('.chosen').dataset.type} `);
  } else if (event.key === 'Escape') {
    offers.classList.remove('open');
  } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    void say();
  }
}

if (form !== null) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void say();
  });
  typing.addEventListener('input', () => {
    grow();
    offer();
  });
  typing.addEventListener('keydown', onKey);
  new MutationObserver(offer).observe(offers, { childList: true });
  offer();
}

/** Asks for the name of a new group, and opens it. */
function askForGroup() {
  const dialog = document.createElement('dialog');
  dialog.className = 'ask';
  dialog.innerHTML = `<form method="dialog">
    <h2>Новая группа</h2>
    <label>Название <input name="title" required maxlength="128" /></label>
    <div class="actions">
      <button type="submit" class="small main" value="make">Создать</button>
      <button type="button" class="small" data-cancel>Отмена</button>
    </div>
  </form>`;
  dialog.querySelector('[data-cancel]').addEventListener('click', () => dialog.close());
  dialog.addEventListener('submit', async (event) => {
    event.preventDefault();
    const title = dialog.querySelector('input').value.trim();
    const { ok, body } = await post('/__sim/telegram/groups', { title });
    if (ok) location.assign(`/inbox/telegram/${encodeURIComponent(body.key)}`);
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Presses a button under a message; the bot's words are shown where typing would be refused. */
async function press({ dataset }) {
  const person = Number(form && new FormData(form).get('person'));
  const { body } = await post(dataset.press, {
    data: dataset.data,
    ...(person > 0 && { person }),
  });
  for (let look = 0; look < 40; look++) {
    const { answer } = await (await fetch(`/__sim/telegram/presses/${body.id}`)).json();
    if (answer) {
      const words = form?.querySelector('[data-refusal]');
      if (words) words.textContent = answer.text;
      if (words) words.hidden = answer.text === '';
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

document.addEventListener('click', (event) => {
  const pressed = event.target.closest('[data-press]');
  if (pressed !== null) void press(pressed);
  const target = event.target.closest('[data-act], [data-type], [data-new-group]');
  if (target === null) return;
  const { act, ask, body = '{}' } = target.dataset;
  if (target.dataset.type !== undefined) {
    type(form?.contains(target) ? `${target.dataset.type} ` : target.dataset.type);
  } else if (act === undefined) askForGroup();
  else if (ask === undefined || confirm(ask)) void post(act, JSON.parse(body));
});

document.addEventListener('change', (event) => {
  if (event.target.matches('[data-open-chat]') && event.target.value !== '') {
    location.assign(event.target.value);
  }
});
