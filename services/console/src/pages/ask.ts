/** A question before an action: how many, what will happen, what will not; then the verb. */
import { html, type Content, type Html } from '../html.ts';
import { icon } from './parts.ts';

export interface Ask {
  /** Where the answer is posted. */
  action: string;
  question: Content;
  will: readonly Content[];
  willNot?: readonly Content[];
  /** The verb with its number: «Отправить 8 сделок». */
  button: Content;
  /** Where «Не сейчас» leads. */
  back: string;
  /** What cannot be undone is red and asks for this to be typed. */
  typed?: { label: string; name: string };
  hidden?: readonly (readonly [string, string])[];
  note?: Content;
}

export function askForm(ask: Ask): Html {
  const { action, question, will, willNot = [], button, back, typed, hidden = [], note } = ask;
  const line = (tone: string, name: string) => (text: Content) =>
    html`<li>${icon(name, tone)} <span>${text}</span></li>`;
  const field =
    typed &&
    html`<div class="field ask-field">
      <label for="sure">${typed.label}</label
      ><input class="input" id="sure" name="${typed.name}" autocomplete="off" required />
    </div>`;
  return html`<form
    class="ask${typed ? ' ask-danger' : ''}"
    method="post"
    action="${action}"
    aria-labelledby="ask"
  >
    <h3 id="ask">${question}</h3>
    <ul>
      ${will.map(line('good', 'circle-check'))}${willNot.map(line('soft', 'circle-minus'))}
    </ul>
    ${hidden.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}${field}
    <div class="row row-fill">
      <button class="btn ${typed ? 'btn-danger-final' : 'btn-primary'}">${button}</button>
      <a class="btn btn-quiet" href="${back}">Не сейчас</a>
    </div>
    <p class="hint ask-note">${note}${note && ' '}Запись появится в журнале под вашим именем.</p>
  </form>`;
}
