/** Forms inside advertisements: Google's lead forms and Facebook's Lead Ads. They bring no tags, so the platform is the source. */
import type { OurField } from '@leadwire/shared/contract/intake-forms';
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import type { DialectReader } from './dialect-reader.ts';
import { recordsOf, textOf, unwrap } from './fields-of.ts';
import type { SentField } from './sent.ts';

const GOOGLE_COLUMNS: Readonly<Record<string, OurField>> = {
  FULL_NAME: 'name',
  FIRST_NAME: 'firstName',
  LAST_NAME: 'lastName',
  EMAIL: 'email',
  WORK_EMAIL: 'email',
  PHONE_NUMBER: 'phone',
  WORK_PHONE: 'phone',
};
const GOOGLE_AD = ['campaign_id', 'adgroup_id', 'creative_id', 'asset_group_id', 'form_id'];

/** https://developers.google.com/google-ads/webhook/docs/implementation; `google_key` is the only proof. */
export const googleAds: DialectReader = {
  fits: (_post, body) => 'google_key' in body || Array.isArray(body['user_column_data']),
  read(body) {
    const ad = textsUnder(body, GOOGLE_AD);
    const campaign = ad['campaign_id'];
    return {
      fields: [
        ...recordsOf(body['user_column_data']).map(googleColumn),
        { names: ['gclid'], value: body['gcl_id'] ?? null },
      ],
      id: textOf(body['lead_id']),
      isTest: body['is_test'] === true || body['is_test'] === 'true',
      utm: { source: 'google', medium: 'lead_form', ...(campaign && { campaign }) },
      ad,
    };
  },
};

function googleColumn(column: Record<string, unknown>): SentField {
  const [id = '', name = ''] = [textOf(column['column_id']), textOf(column['column_name'])];
  const as = GOOGLE_COLUMNS[id];
  return { names: [name, id].filter(Boolean), value: column['string_value'], ...(as && { as }) };
}

const FACEBOOK_AD = [
  'ad_id',
  'ad_name',
  'adset_id',
  'adset_name',
  'campaign_id',
  'campaign_name',
  'form_id',
  'page_id',
  'platform',
  'is_organic',
];
const FACEBOOK_FIELDS: Readonly<Record<string, OurField>> = {
  full_name: 'name',
  first_name: 'firstName',
  last_name: 'lastName',
  email: 'email',
  work_email: 'email',
  phone_number: 'phone',
  work_phone_number: 'phone',
};
/** What Facebook's testing tool fills in (`<test lead: dummy data for email>`, `test@fb.com`). */
const FACEBOOK_TEST = /^<test lead: dummy data|^test@(fb|meta)\.com$/i;

/** A lead as the Graph API gives it (`field_data`), also when Make or Albato hands it on. */
export const facebook: DialectReader = {
  fits: (_post, body) => Array.isArray(body['field_data']) || 'leadgen_id' in body,
  read(body) {
    const fields = recordsOf(body['field_data']).map((field): SentField => {
      const name = textOf(field['name']) ?? '';
      const as = FACEBOOK_FIELDS[name];
      return { names: [name], value: unwrap(field['values']), ...(as && { as }) };
    });
    const boxes = recordsOf(body['custom_disclaimer_responses']).map((box): SentField => {
      const name = textOf(box['checkbox_key']) ?? 'disclaimer';
      return { names: [name], value: box['is_checked'], as: 'consent' };
    });
    const ad = textsUnder(body, FACEBOOK_AD);
    const campaign = ad['campaign_name'] ?? ad['campaign_id'];
    const content = ad['ad_name'] ?? ad['ad_id'];
    return {
      fields: [...fields, ...boxes],
      id: textOf(body['leadgen_id']) ?? textOf(body['id']),
      isTest: fields.some(({ value }) => FACEBOOK_TEST.test(textOf(value) ?? '')),
      utm: {
        source: ad['platform'] === 'ig' ? 'instagram' : 'facebook',
        medium: 'lead_ads',
        ...(campaign && { campaign }),
        ...(content && { content }),
      },
      ad,
    };
  },
};

function textsUnder(body: Record<string, unknown>, names: readonly string[]) {
  const entries = names.flatMap((name) => {
    const value = body[name];
    const text = typeof value === 'boolean' ? String(value) : textOf(value);
    return text === undefined || isRecord(value) ? [] : [[name, text] as const];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}
