/** A mail of blocks as MJML and as plain text, both with Liquid where values go. */
import { braceInHtml, lineAsLiquid, mark } from './placeholders.ts';
import { escapeHtml, markdownAsHtml, markdownAsText } from './markdown.ts';
import type { Block } from './own-text.ts';

/** Text between tags. */
export function lineAsHtml(text: string): string {
  const marked = mark(text);
  return marked.restore(escapeHtml(marked.text), braceInHtml);
}

/** A large heading has room above it; whatever else begins a mail would touch the frame's head. */
const ROOM_ABOVE = '30px';

/** The MJML that stands in the frame in place of a template's own. */
export function blocksAsMjml(blocks: readonly Block[]): string {
  const parts = blocks.map((block) => ({ block, mjml: blockAsMjml(block) }));
  const filled = parts.filter(({ mjml }) => mjml !== '');
  const first = filled[0]?.block;
  const hasRoom = first === undefined || (first.type === 'heading' && first.level === 1);
  const column = filled.map(({ mjml }) => mjml).join('\n');
  return `<mj-section padding="${hasRoom ? '0' : ROOM_ABOVE} 0 12px"><mj-column>${column}</mj-column></mj-section>`;
}

function blockAsMjml(block: Block): string {
  switch (block.type) {
    case 'heading': {
      const name = block.level === 1 ? 'title' : 'heading';
      return block.text.trim() && `<mj-text mj-class="${name}">${lineAsHtml(block.text)}</mj-text>`;
    }
    case 'text':
      return block.text.trim() && `<mj-text>${markdownAsHtml(block.text)}</mj-text>`;
    case 'button':
      return (
        block.text.trim() &&
        `<mj-button href="${addressAsHtml(block.url)}">${lineAsHtml(block.text)}</mj-button>`
      );
    case 'picture':
      return block.url && pictureAsMjml(block);
    case 'list': {
      const items = block.items.filter((item) => item.trim());
      const points = items.map((item) => `<li>${markdownAsHtml(item)}</li>`).join('');
      return (
        points && `<mj-text><ul style="margin: 0; padding-left: 22px">${points}</ul></mj-text>`
      );
    }
    case 'note':
      return (
        block.text.trim() &&
        `<mj-text mj-class="note" padding="0 36px 18px">${markdownAsHtml(block.text)}</mj-text>`
      );
    case 'divider':
      return '<mj-divider border-color="#c9d4ce" border-width="1px" padding="6px 36px 24px" />';
  }
}

function pictureAsMjml({ url, alt, link }: Extract<Block, { type: 'picture' }>): string {
  const href = link && ` href="${addressAsHtml(link)}"`;
  return `<mj-image src="${addressAsHtml(url)}" alt="${escapeHtml(alt).replace(/[{}]/g, '')}"${href} border-radius="12px" padding="0 36px 24px" />`;
}

/** The text part of a mail of blocks. */
export function blocksAsText(blocks: readonly Block[]): string {
  return blocks
    .map(blockAsText)
    .filter((part) => part !== '')
    .join('\n\n');
}

function blockAsText(block: Block): string {
  switch (block.type) {
    case 'heading':
      return lineAsLiquid(block.text.trim());
    case 'text':
    case 'note':
      return markdownAsText(block.text);
    case 'button':
      return (
        block.text.trim() && `${lineAsLiquid(block.text.trim())}:\n${addressAsText(block.url)}`
      );
    case 'picture': {
      const words = [block.alt.trim() && `[${lineAsLiquid(block.alt.trim())}]`];
      return [...words, block.link && addressAsText(block.link)].filter(Boolean).join('\n');
    }
    case 'list':
      return block.items
        .filter((item) => item.trim())
        .map((item) => `- ${markdownAsText(item)}`)
        .join('\n');
    case 'divider':
      return '* * *';
  }
}

/** An address as a URL parser writes it; what is none leads nowhere, and the checks have said so. */
function addressOf(typed: string): string {
  const marked = mark(typed);
  // Whether this value may stand in a link is for whoever compiles the mail to say.
  if (marked.text !== typed) return marked.restore(marked.text, () => '');
  const isSafe = /^(?:https?:|mailto:|tel:)/i.test(typed) && URL.canParse(typed);
  return isSafe ? new URL(typed).href.replace(/[{}]/g, encodeURIComponent) : '#';
}

const addressAsHtml = (typed: string): string => {
  const address = addressOf(typed);
  return address.startsWith('{{') ? address : escapeHtml(address);
};
const addressAsText = (typed: string): string => addressOf(typed);
