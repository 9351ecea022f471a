/** The form of a sequence: to whom, and its steps. */
import type { TemplateView } from '@leadwire/operations/campaigns/campaign-view';
import type { SequenceView } from '@leadwire/operations/campaigns/sequence-view';
import { sequenceTriggers, type SequenceStep } from '@leadwire/shared/contract/sequences';
import { html, type Html } from '../html.ts';
import { textTitle } from '../words/campaigns.ts';
import { afterFromWords, delayWords, triggerWords } from '../words/sequences.ts';

/** Rows of the form: enough for what a person keeps in mind. */
const STEP_ROWS = 5;

interface DefinitionShown {
  sequence?: SequenceView;
  templates: readonly TemplateView[];
  /** What was refused stays as it was typed. */
  typedIn?: URLSearchParams | undefined;
}

/** All of a sequence, to be changed and saved. */
export function definitionForm({ sequence, templates, typedIn }: DefinitionShown): Html {
  const action = sequence ? `/campaigns/sequences/${sequence.id}` : '/campaigns/sequences';
  const name = typedIn?.get('name') ?? sequence?.name ?? '';
  const trigger = typedIn?.get('trigger') ?? sequence?.trigger;
  const keeps = typedIn ? typedIn.get('keep') !== null : sequence?.stopOnClick === false;
  const steps = typedIn ? rowsOf(typedIn) : (sequence?.steps ?? []);
  return html`<form class="stack-s" method="post" action="${action}">
    <div class="field">
      <label for="name">Название, для вас</label
      ><input class="input" id="name" name="name" required maxlength="120" value="${name}" />
    </div>
    <div class="field">
      <label for="trigger">Кому</label
      ><select class="input" id="trigger" name="trigger">
        ${sequenceTriggers.map((each) => html`<option value="${each}" ${trigger === each && html` selected`}>${triggerWords[each]}</option>`)}
      </select>
    </div>
    <div class="conditions">
      ${Array.from({ length: STEP_ROWS }, (_, index) => stepRow(index, steps[index], templates))}
    </div>
    <p class="hint">
      Через сколько после события: 30 минут, 1 час, 3 дня. Пустые строки не считаются.
      ${templates.length === 0 && html`<b>Сначала <a href="/campaigns/texts-new">напишите текст</a>.</b> `}Из
      полей в тексте может быть только имя.
    </p>
    <label class="check"
      ><input type="checkbox" name="keep" value="yes" ${keeps && html` checked`} /> Писать дальше и
      тем, кто перешёл по ссылке</label
    >
    ${sequence && html`<input type="hidden" name="changedAt" value="${sequence.changedAt}" />`}
    <button class="btn btn-primary">Сохранить</button>
  </form>`;
}

function stepRow(
  index: number,
  step: SequenceStep | undefined,
  templates: readonly TemplateView[],
): Html {
  return html`<fieldset class="condition">
    <legend class="group-name">Шаг ${index + 1}</legend>
    <input
      class="input"
      name="after"
      aria-label="Через сколько"
      placeholder="${index === 0 ? '1 час' : '1 день'}"
      value="${step && delayWords(step.after)}"
      autocomplete="off"
    />
    <select class="input" name="channel" aria-label="Как">
      <option value="email">письмом</option>
      <option value="sms" ${step?.channel === 'sms' && html` selected`}>SMS</option>
    </select>
    <select class="input" name="text" aria-label="Текст">
      ${templates.map((each) => html`<option value="${each.name}" ${step?.text === each.name && html` selected`}>${textTitle(each)}</option>`)}
    </select>
  </fieldset>`;
}

/** The filled rows of the form; what they say is checked by whoever keeps them. */
export function rowsOf(form: URLSearchParams): SequenceStep[] {
  const [afters = [], ways = [], texts = []] = ['after', 'channel', 'text'].map((key) =>
    form.getAll(key),
  );
  return afters.flatMap((after, index) =>
    after.trim() === ''
      ? []
      : [
          {
            after: afterFromWords(after.trim()),
            channel: ways[index] === 'sms' ? ('sms' as const) : ('email' as const),
            text: texts[index] ?? '',
          },
        ],
  );
}
