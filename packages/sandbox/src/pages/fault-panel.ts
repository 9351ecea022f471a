import type { FaultRule } from '../world/faults.ts';
import type { FaultPreset, Provider } from '../world/provider.ts';
import { html, type Html } from './html.ts';
import { nameFault } from './layout.ts';

/** The switches: every provider's ready-made faults, then whatever else is on (rules of tests). */
export function faultPanel(providers: Provider[], faults: FaultRule[]): Html {
  const presets = providers.flatMap((provider) => provider.presets);
  const others = faults.filter((fault) => presets.every((preset) => preset.id !== fault.id));
  return html`<div class="faults">
    <p class="lead">
      Здесь можно сломать внешний сервис и посмотреть, что Leadwire ничего не потеряет и не отправит
      дважды.
    </p>
    ${presets.map((preset) =>
      presetSwitch(
        preset,
        faults.find((fault) => fault.id === preset.id),
      ),
    )}
    ${others.map((fault) => presetSwitch({ ...fault, title: fault.title ?? nameFault(fault), hint: 'Включено программой.' }, fault))}
  </div>`;
}

function presetSwitch(
  { id, title, hint }: Pick<FaultPreset, 'id' | 'title' | 'hint'>,
  on: FaultRule | undefined,
): Html {
  return html`<button
    type="button"
    class="switch"
    role="switch"
    data-fault="${id}"
    aria-checked="${on ? 'true' : 'false'}"
  >
    <span class="knob"></span>
    <span
      ><b>${title}</b
      ><small>${hint}</small>
      ${on && html`<small class="struck">Сработал: ${on.struck}</small>`}</span
    >
  </button>`;
}
