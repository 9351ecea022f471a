/** One text: its blocks on one side, what people get on the other. */
import { LARGEST_UPLOAD } from '@leadwire/operations/texts/pictures';
import type { TextFinding } from '@leadwire/templates/own-texts/check-text';
import { isRaw, type Block } from '@leadwire/templates/own-texts/own-text';
import type { RenderedSms } from '@leadwire/templates/templates';
import { html, type Content, type Html } from '../../html.ts';
import { counted } from '../../words/time.ts';
import { icon } from '../parts.ts';
import { blockTypes, blockWords, type Writing } from './text-form.ts';

/** Where texts of a kind are, and how they are spoken of. */
export interface TextPlace {
  /** The path of the list; a text's own is under it, and `-preview` beside it. */
  home: string;
  homeWord: string;
  lede: string;
  /** The button that takes a text away, and the one that brings it back. */
  archive: readonly [string, string];
}

export interface EditorShown {
  place: TextPlace;
  writing: Writing;
  findings: readonly TextFinding[];
  sms: RenderedSms | null;
  told: Content;
  isNew: boolean;
}

/** The frame that shows what was written. */
const FRAME = 'text-preview';

export function editorPage({ place, writing, findings, sms, told, isNew }: EditorShown): Html {
  const { name, title, base, content } = writing;
  const { home, homeWord, lede } = place;
  const path = isNew ? home : `${home}/${name}`;
  const { mail } = content;
  return html`<a class="back" href="${home}">${icon('arrow-left', 'icon-s')} ${homeWord}</a>
    <div class="head">
      <div>
        <h1>${title || (isNew ? 'Новый текст' : name)}</h1>
        <p class="lede">
          ${isNew ? 'Письмо, SMS или и то и другое. ' : base > 0 && html`Версия ${base}. `}${lede}
        </p>
      </div>
      ${!isNew && base > 0 && html`<div class="row"><a class="btn" href="${path}/versions">Версии</a></div>`}
    </div>
    <form class="stack" method="post" action="${path}" data-editor>
      ${told}
      <input type="hidden" name="base" value="${base}" />
      ${!isNew && html`<input type="hidden" name="of" value="${name}" />`}
      <div class="grid">
        <div class="stack w-7">
          ${headCard(writing, isNew)}
          ${mail && isRaw(mail) ? rawCard(mail) : html`${(mail?.blocks ?? []).map(blockCard)}${addCard()}`}
          ${smsCard(content.sms, sms)}
        </div>
        <div class="stack w-5">
          <div class="row row-fill">
            <button class="btn btn-primary" name="act" value="save">Сохранить</button>
            <button class="btn" formaction="${home}-preview" formtarget="${FRAME}" data-show>
              Показать
            </button>
          </div>
          ${findingsCard(findings)} ${previewCard(mail !== null)}
        </div>
      </div>
    </form>`;
}

function headCard({ name, title, content: { mail } }: Writing, isNew: boolean): Html {
  return html`<section class="card text-card" aria-labelledby="h-head">
    <div class="card-head"><h2 id="h-head">Тема</h2></div>
    <div class="text-fields">
      ${line('title', 'Название, для своих', title, 120)}
      ${
        isNew &&
        html`${line('name', 'Короткое имя латиницей, потом не меняется', name, 59)}
          <p class="hint">Строчные буквы, цифры и дефис: open-day</p>`
      }
      ${line('subject', 'Тема письма', mail?.subject ?? '', 300)}
      ${line('preheader', 'Строка рядом с темой', mail?.preheader ?? '', 300)}
    </div>
  </section>`;
}

function rawCard({ mjml, text }: { mjml: string; text: string }): Html {
  return html`<section class="card text-card" aria-labelledby="h-mjml">
    <div class="card-head"><h2 id="h-mjml">MJML</h2></div>
    <div class="text-fields">
      ${area('mjml', 'Письмо', mjml, 18)} ${area('plain', 'Текстовая часть', text, 8)}
    </div>
  </section>`;
}

function blockCard(block: Block, at: number): Html {
  const key = (name: string) => `${at}.${name}`;
  const act = (what: string, sign: string, word: string) =>
    html`<button
      class="btn btn-quiet btn-icon"
      name="act"
      value="${what}:${at}"
      aria-label="${word}: блок ${at + 1}"
    >
      ${icon(sign, 'icon-s')}
    </button>`;
  return html`<section class="card text-card" aria-labelledby="b-${at}">
    <div class="card-head">
      <h2 id="b-${at}">${blockWords[block.type]}</h2>
      <span class="row text-acts"
        ><span class="text-up">${act('up', 'arrow-down', 'Выше')}</span
        >${act('down', 'arrow-down', 'Ниже')}${act('drop', 'x', 'Убрать')}</span
      >
    </div>
    <input type="hidden" name="block" value="${at}" />
    <input type="hidden" name="${key('type')}" value="${block.type}" />
    ${block.type !== 'divider' && html`<div class="text-fields">${fieldsOf(block, key)}</div>`}
  </section>`;
}

function fieldsOf(block: Block, key: (name: string) => string): Content {
  switch (block.type) {
    case 'heading':
      return [
        line(key('text'), 'Слова', block.text, 300),
        html`<input type="hidden" name="${key('level')}" value="${block.level}" />`,
      ];
    case 'text':
      return [
        area(key('text'), 'Слова', block.text, 6),
        html`<p class="hint">
          **жирно**, *курсив*, [слова](https://адрес), {{ name }} — имя, {{ city | default: "ваш
          город" }} — колонка списка
        </p>`,
      ];
    case 'note':
      return area(key('text'), 'Слова', block.text, 3);
    case 'button':
      return [
        line(key('text'), 'Слова на кнопке', block.text, 300),
        line(key('url'), 'Куда ведёт: https://… или {{ link }}', block.url, 2_000),
      ];
    case 'picture':
      return [
        upload(key('file')),
        line(key('url'), 'Адрес картинки', block.url, 2_000),
        line(key('alt'), 'Что на ней, для тех, у кого картинки выключены', block.alt, 300),
        line(key('link'), 'Куда ведёт, если нажать', block.link, 2_000),
      ];
    case 'list':
      return area(key('text'), 'Каждый пункт с новой строки', block.items.join('\n'), 5);
    case 'divider':
      return undefined;
  }
}

/** The button takes everything that was written along, so that nothing is lost with the new page. */
function upload(name: string): Html {
  const [at = ''] = name.split('.');
  const id = `f-${name.replace('.', '-')}`;
  return html`<div class="field">
      <label for="${id}">Файл с компьютера или телефона, до 10 МБ</label
      ><input
        class="input"
        id="${id}"
        name="${name}"
        type="file"
        accept="image/jpeg,image/png,image/gif,image/webp"
        data-picture="${LARGEST_UPLOAD}"
        data-too-large="Картинка больше 10 МБ. Уменьшите её или сохраните как JPEG."
      />
    </div>
    <button
      class="btn"
      name="act"
      value="picture:${at}"
      formenctype="multipart/form-data"
      data-upload
    >
      ${icon('download', 'icon-s')} Загрузить
    </button>`;
}

function addCard(): Html {
  return html`<div class="filters" role="group" aria-label="Добавить блок">
    ${blockTypes.map((type) => html`<button class="chip" name="act" value="add:${type}">+ ${blockWords[type]}</button>`)}
  </div>`;
}

function smsCard(text: string | null, shown: RenderedSms | null): Html {
  return html`<section class="card text-card" aria-labelledby="h-sms">
    <div class="card-head">
      <h2 id="h-sms">SMS</h2>
      ${shown && html`<span class="head-note">${counted(shown.text.length, ['знак', 'знака', 'знаков'])}, ${counted(shown.segments, ['часть', 'части', 'частей'])}</span>`}
    </div>
    <div class="text-fields">
      ${area('sms', 'Текст SMS; пусто, если SMS не нужна', text ?? '', 3)}
      <p class="hint">Кириллицей в одну часть входит 70 знаков вместе со ссылкой.</p>
    </div>
  </section>`;
}

function findingsCard(findings: readonly TextFinding[]): Html {
  const looks = {
    stop: ['bad', 'octagon-x'],
    mend: ['warn', 'triangle-alert'],
    know: ['mute', 'circle-check'],
  } as const;
  return html`<section class="card" aria-labelledby="h-check">
    <div class="card-head"><h2 id="h-check">Проверка</h2></div>
    ${
      findings.length === 0
        ? html`<p class="card-foot">Замечаний нет.</p>`
        : html`<ul class="items text-findings">
            ${findings.map(
              ({ level, words, block }) =>
                html`<li>
                  <span class="st st-${looks[level][0]}"
                    >${icon(looks[level][1])}
                    <span
                      >${words}${block !== undefined && html` <a href="#b-${block}">Блок ${block + 1}</a>`}</span
                    ></span
                  >
                </li>`,
            )}
          </ul>`
    }
    <div class="card-foot">
      <button class="btn btn-quiet" name="act" value="links">Проверить ещё и ссылки</button>
    </div>
  </section>`;
}

function previewCard(hasMail: boolean): Html {
  const radio = (value: string, word: string, isChosen: boolean) =>
    html`<label class="chip"
      ><input type="radio" name="look" value="${value}" ${isChosen && html` checked`} />
      ${word}</label
    >`;
  return html`<section class="card text-preview" aria-labelledby="h-preview">
    <div class="card-head"><h2 id="h-preview">Что получит человек</h2></div>
    <div class="filters text-looks">
      ${radio('phone', 'Телефон', true)}${radio('wide', 'Компьютер', false)}${radio('dark', 'Тёмное', false)}
    </div>
    <iframe
      class="text-frame"
      name="${FRAME}"
      title="Письмо как его увидят"
      sandbox
      ${hasMail && html` data-frame`}
    ></iframe>
    <p class="card-foot">Показывает написанное, даже если оно не сохранено.</p>
  </section>`;
}

function line(name: string, label: string, value: string, longest: number): Html {
  const id = `f-${name.replace('.', '-')}`;
  return html`<div class="field">
    <label for="${id}">${label}</label
    ><input class="input" id="${id}" name="${name}" value="${value}" maxlength="${longest}" />
  </div>`;
}

function area(name: string, label: string, value: string, rows: number): Html {
  // A browser leaves out the first line break of a textarea: it is not the writer's.
  const shown = `\n${value}`;
  const id = `f-${name.replace('.', '-')}`;
  return html`<div class="field">
    <label for="${id}">${label}</label
    ><textarea class="input text-area" id="${id}" name="${name}" rows="${rows}">${shown}</textarea>
  </div>`;
}
