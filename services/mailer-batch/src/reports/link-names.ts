/** Which link of a campaign's text somebody followed: the address as it stands in the text, not the person's own. */
import { UNSUBSCRIBE_MARK, linkMark } from '@leadwire/shared/delivery/link-mark';
import type { ThawedCampaign } from '@leadwire/templates/frozen-campaign';
import type { Reader } from './report-store.ts';

/** In the place of the link to unsubscribe, which is known by its own mark. Leads nowhere (RFC 2606). */
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
): Map<string, string> {
  const nobodys = Object.entries(variables).map(([key, value]): [string, unknown] => [
    key,
    typeof value === 'string' ? `{{ ${key} }}` : value,
  ]);
  const linksFor = (values: Readonly<Record<string, unknown>>) => {
    const reader = { name, variables: values, unsubscribeUrl: NOBODYS_LINK };
    return linksIn(texts.mail(reader, at).html).filter((link) => link !== NOBODYS_LINK);
  };
  const own = linksFor(variables);
  const anybodys = linksFor(Object.fromEntries(nobodys));
  // A text that shows other links to other people: only those that both have are known to be nobody's own.
  const isAlike = own.length === anybodys.length;
  const shared = isAlike ? own : own.filter((link) => anybodys.includes(link));
  const names = shared.map((link, place): [string, string] => [
    linkMark(link),
    isAlike ? (anybodys[place] ?? link) : link,
  ]);
  return new Map([...names, [UNSUBSCRIBE_MARK, UNSUBSCRIBE_MARK]]);
}

/** The addresses of `<a href="…">`, in their order. */
function linksIn(page: string): string[] {
  return [...page.matchAll(/<a\b[^>]*?\bhref="([^"]*)"/g)].map(([, href = '']) =>
    href.replace(/&(?:amp|quot|#34|#39|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity),
  );
}
