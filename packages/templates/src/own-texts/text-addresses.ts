/** Where a text leads: the addresses that somebody typed into it. */
import { linksIn } from './markdown.ts';
import { isRaw, type Block, type OwnText } from './own-text.ts';

/** Everywhere that a text leads to, once each; addresses that come with the list are not among them. */
export function addressesIn({ mail, sms }: OwnText): string[] {
  const typed =
    mail === null
      ? []
      : isRaw(mail)
        ? addressesInMjml(mail.mjml)
        : mail.blocks.flatMap(addressesOf);
  const inSms = sms?.match(/https?:\/\/[^\s{}]+/g) ?? [];
  return [...new Set([...typed, ...inSms])].filter(
    (each) => /^https?:\/\//i.test(each) && !each.includes('{'),
  );
}

/** Of a mail in MJML: what it links to and what it shows, as typed. */
export const addressesInMjml = (mjml: string) =>
  [...mjml.matchAll(/\b(?:href|src)="([^"]+)"/g)].map(([, address = '']) => address);

/** Of one block of a mail, as typed; an empty one of a button is among them. */
export function addressesOf(block: Block): string[] {
  switch (block.type) {
    case 'button':
      return [block.url];
    case 'picture':
      return [block.url, block.link].filter(Boolean);
    case 'text':
    case 'note':
      return linksIn(block.text);
    case 'list':
      return block.items.flatMap(linksIn);
    case 'heading':
    case 'divider':
      return [];
  }
}
