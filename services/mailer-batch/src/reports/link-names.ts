/** Which link of a campaign's text somebody followed: the address as it stands in the text, not the person's own. */
import { linkMark } from '@leadwire/shared/delivery/link-mark';
import type { ThawedCampaign } from '@leadwire/templates/frozen-campaign';
import type { Reader } from './report-store.ts';

/** How the link to unsubscribe is told; each person has another one. */
export const UNSUBSCRIBE = 'unsubscribe';
/** Leads nowhere (RFC 2606), so that no other link of a text is the same. */
const NOBODYS_LINK = 'https://unsubscribe.invalid/';

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&quot;': '"',
  '&#34;': '"',
  '&#39;': "'",
  '&lt;': '<',
  '&gt;': '>',
};

/**
 * The links of a reader's mail: their marks, with what the link is called. The mail is made twice, once as this person
 * got it and once with the names of variables in the place of their values; links at the same place are the same link.
 * @throws TemplateError for a campaign that has no mail.
 */
export function linkNames(
  texts: Pick<ThawedCampaign, 'mail'>,
  { name, variables, at }: Pick<Reader, 'name' | 'variables' | 'at'>,
  unsubscribeUrl: string,
): Map<string, string> {
  const nobodys = Object.entries(variables).map(([key, value]): [string, unknown] => [
    key,
    typeof value === 'string' ? `{{ ${key} }}` : value,
  ]);
  const own = linksIn(texts.mail({ name, variables, unsubscribeUrl }, at).html);
  const anybodys = linksIn(
    texts.mail({ name, variables: Object.fromEntries(nobodys), unsubscribeUrl: NOBODYS_LINK }, at)
      .html,
  );
  // A text that shows other links to other people: only those that both have are known to be nobody's own.
  const isAlike = own.length === anybodys.length;
  const shared = isAlike ? own : own.filter((link) => anybodys.includes(link));
  const names = shared.map((link, place): [string, string] => [
    linkMark(link),
    isAlike ? (anybodys[place] ?? link) : link,
  ]);
  return new Map([...names, [linkMark(unsubscribeUrl), UNSUBSCRIBE]]);
}

/** The addresses of `<a href="…">`, in their order. */
function linksIn(page: string): string[] {
  return [...page.matchAll(/<a\b[^>]*?\bhref="([^"]*)"/g)].map(([, href = '']) =>
    href.replace(/&(?:amp|quot|#34|#39|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity),
  );
}
