/** `/api/v4/webhooks`: a program may subscribe by itself. */
import { done, nothing, refuse, type FieldError } from './answers.ts';
import { readAll, readObject } from './body.ts';
import { words } from './field-values.ts';
import { asked, filterOf, readQuery } from './listing.ts';
import type { AmoRoute, ApiParts } from './route.ts';
import { hookSettings } from '../lifecycle/settings.ts';
import type { ApiHook, Hooks } from '../lifecycle/webhooks.ts';

/** Docs "Limits". */
const MOST_HOOKS = 100;

/** The routes around `hooks`. */
export function webhookRoutes(hooks: Hooks): AmoRoute[] {
  const path = /^\/api\/v4\/webhooks$/;
  return [
    {
      method: 'GET',
      path,
      handle: (request, parts) => {
        const wanted = asked(filterOf(readQuery(request))['destination']);
        const found = hooks
          .list()
          .filter(({ destination }) => wanted === null || wanted.includes(destination));
        if (found.length === 0) return nothing();
        return done({ _embedded: { webhooks: found.map((hook) => show(hook, hooks, parts)) } });
      },
    },
    {
      method: 'POST',
      path,
      handle: (request, parts) => {
        const item = readObject(request);
        readAll([item], (each, errors) => {
          checkUrl(each['destination'], errors);
          checkSettings(each['settings'], errors);
        });
        if (hooks.list().length >= MOST_HOOKS) throw refuse(422, 'Webhooks limit exceeded');
        const { destination, settings, sort } = item;
        const hook = hooks.save(
          destination as string,
          settings as string[],
          typeof sort === 'number' ? sort : 10,
          parts.author.userId,
        );
        return done(show(hook, hooks, parts));
      },
    },
    {
      method: 'DELETE',
      path,
      handle: (request) => {
        const { destination } = readObject(request);
        if (!hooks.remove(String(destination))) throw refuse(404, 'Webhook not found');
        return nothing();
      },
    },
  ];
}

function checkUrl(given: unknown, errors: FieldError[]): void {
  if (typeof given === 'string' && URL.canParse(given)) return;
  const detail = 'This value is not a valid URL.';
  errors.push({ code: 'InvalidUrl', path: 'destination', detail });
}

function checkSettings(given: unknown, errors: FieldError[]): void {
  const known: readonly unknown[] = hookSettings;
  const list: unknown[] = Array.isArray(given) ? given : [];
  if (list.length === 0) {
    errors.push({ code: 'FieldMissing', path: 'settings', detail: words.missing });
  }
  list.forEach((each, index) => {
    if (known.includes(each)) return;
    errors.push({ code: 'NotSupportedChoice', path: `settings.${index}`, detail: words.choice });
  });
}

function show(hook: ApiHook, hooks: Hooks, { settings }: ApiParts) {
  return {
    id: hook.id,
    destination: hook.destination,
    created_at: hook.createdAt,
    updated_at: hook.updatedAt,
    account_id: settings().accountId,
    created_by: hook.createdBy,
    sort: hook.sort,
    disabled: hooks.isDisabled(hook.destination),
    settings: hook.settings,
  };
}
