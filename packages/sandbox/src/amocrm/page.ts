/** The CRM tab: the pipeline as a board. */
import { html } from '../page/html.ts';
import type { ProviderPage } from '../world/provider.ts';
import type { Parts } from './edits.ts';
import type { RateLimit } from './rate-limit.ts';

/** Makes the tab. */
export function createAmocrmPage({ book }: Parts, _rate: RateLimit): ProviderPage {
  return {
    title: 'CRM',
    count: () => book.liveLeads().length,
    summary: () => html``,
    list: () => html``,
    item: () => undefined,
  };
}
