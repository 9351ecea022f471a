/** What describes the account: itself, users, pipelines and stages, fields, tags. */
import { done, nothing, refuse, type FieldError } from './answers.ts';
import { readAll, readItems, requestId } from './body.ts';
import type { Input } from './entity-input.ts';
import { words } from './field-values.ts';
import { baseOf, listAnswer } from './listing.ts';
import type { EntityType } from '../store/records.ts';
import { showField, showPipeline } from './render.ts';
import type { AmoRoute, ApiParts } from './route.ts';
import { fieldTypes, type AmocrmSettings, type Field } from '../lifecycle/settings.ts';

export const accountRoutes: AmoRoute[] = [
  {
    method: 'GET',
    path: /^\/api\/v4\/account$/,
    handle: (request, { settings }) => done(showAccount(settings(), baseOf(request))),
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/users$/,
    handle: (request, { settings }) =>
      listAnswer(request, 'users', settings().users, (user) => ({ ...user, lang: 'ru' })),
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/leads\/pipelines$/,
    handle: (request, parts) => {
      const base = `${baseOf(request)}/api/v4`;
      const pipelines = parts.account.pipelines().map((each) => showPipeline(each, parts, base));
      return done({
        _total_items: pipelines.length,
        _links: { self: { href: `${base}/leads/pipelines` } },
        _embedded: { pipelines },
      });
    },
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/leads\/pipelines\/(\d+)(\/statuses)?(?:\/(\d+))?$/,
    handle: (request, parts, [id, statuses, statusId]) => {
      const pipeline = parts.account.pipeline(Number(id));
      if (pipeline === undefined) return nothing();
      const shown = showPipeline(pipeline, parts, `${baseOf(request)}/api/v4`);
      if (statuses === undefined) return done(shown);
      if (statusId === undefined) {
        const all = shown._embedded.statuses;
        return done({ _total_items: all.length, _embedded: { statuses: all } });
      }
      const status = shown._embedded.statuses.find((each) => String(each.id) === statusId);
      return status === undefined ? nothing() : done(status);
    },
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/(leads|contacts|companies)\/custom_fields$/,
    handle: (request, parts, [entity]) => {
      const fields = parts.account.fields(entity as EntityType);
      const base = `${baseOf(request)}/api/v4`;
      return listAnswer(request, 'custom_fields', fields, (each) => showField(each, parts, base));
    },
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/(leads|contacts|companies)\/custom_fields\/(\d+)$/,
    handle: (request, parts, [entity, id]) => {
      const field = parts.account.fieldBy(entity as EntityType, { id: Number(id) });
      return field === undefined
        ? nothing()
        : done(showField(field, parts, `${baseOf(request)}/api/v4`));
    },
  },
  {
    method: 'POST',
    path: /^\/api\/v4\/(leads|contacts|companies)\/custom_fields$/,
    handle: (request, parts, [entity]) => {
      const items = readItems(request);
      const drafts = readAll(items, (item, errors) => readNewField(item, errors));
      return done({
        _total_items: drafts.length,
        _embedded: {
          custom_fields: addFields(drafts, entity as EntityType, parts, items, baseOf(request)),
        },
      });
    },
  },
  {
    method: 'GET',
    path: /^\/api\/v4\/leads\/tags$/,
    handle: (request, { store }) =>
      listAnswer(request, 'tags', store.tags(), (tag) => ({ ...tag, color: null })),
  },
];

function showAccount(settings: AmocrmSettings, base: string) {
  return {
    id: settings.accountId,
    name: settings.accountName,
    subdomain: settings.subdomain,
    created_at: 1_735_689_600,
    created_by: 0,
    updated_at: 1_735_689_600,
    updated_by: 0,
    current_user_id: settings.integrationUserId,
    country: 'KZ',
    currency: 'KZT',
    currency_symbol: '₸',
    customers_mode: 'disabled',
    is_unsorted_on: true,
    is_loss_reason_enabled: true,
    is_helpbot_enabled: false,
    is_technical_account: false,
    contact_name_display_order: 1,
    _links: { self: { href: `${base}/api/v4/account` } },
  };
}

type NewField = Pick<Field, 'name' | 'type' | 'code'> & { values: string[] };

function readNewField(item: Input, errors: FieldError[]): NewField {
  const { name, type, code, enums } = item;
  if (typeof name !== 'string' || name === '') {
    errors.push({ code: 'FieldMissing', path: 'name', detail: words.missing });
  }
  const known = fieldTypes.find((each) => each === type);
  if (known === undefined) {
    errors.push({ code: 'NotSupportedChoice', path: 'type', detail: words.choice });
  }
  const values = Array.isArray(enums)
    ? enums.map((each: { value?: unknown }) => String(each.value))
    : [];
  return {
    name: String(name),
    type: known ?? 'text',
    code: typeof code === 'string' ? code : null,
    values,
  };
}

function addFields(
  drafts: NewField[],
  entity: EntityType,
  parts: ApiParts,
  items: Input[],
  base: string,
) {
  const { account, store, world } = parts;
  if (drafts.some(({ code }) => code !== null && account.fieldBy(entity, { code }) !== undefined)) {
    throw refuse(400, 'Field code already exists');
  }
  return world.store.transaction(() =>
    drafts.map(({ values, ...draft }, index) => {
      const enums = values.map((value) => ({ id: store.nextId('field'), value }));
      const field = { id: store.nextId('field'), entity, enums, ...draft };
      account.addField(field);
      const shown = showField(field, parts, `${base}/api/v4`);
      return { ...shown, request_id: requestId(items[index] ?? {}, index) };
    }),
  );
}
