/**
 * Takes the click out of what a stranger typed, for every text that carries our name or is read by our staff. Mail
 * programs and Telegram make a link of anything that looks like an address, so this looks for addresses as they do,
 * and for those that only a browser or an eye would take for one: odd dots, Cyrillic domains, hidden characters.
 */

/** What stands where an address was; the word says that something was there. */
const LINK_WORD = '[ссылка]';
const MAIL_WORD = '[почта]';

/** Nobody sees them, so they can stand inside an address and hide it. Braille's blank looks like a space and is none. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u2800]/gu;
/** The same without what emoji and some scripts are written with: joiners, variation selectors, tags. */
const UNSEEN_BUT_EMOJI =
  /(?!\p{Join_Control}|\p{Variation_Selector}|[\u{E0020}-\u{E007F}])[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\u2800]/gu;

/** Dots of other scripts, which browsers read as one (IDNA), and one as an address writes it. */
const ODD_DOTS = /[。．｡․﹒]|%2e/giu;

/** Repeats are bounded so that no text, however long, takes long. */
const LABEL = '[\\p{L}\\p{N}](?:[\\p{L}\\p{N}_-]{0,255}[\\p{L}\\p{N}])?';
/** Cyrillic top-level domains (https://data.iana.org/TLD/tlds-alpha-by-domain.txt), and .каз as the eye reads .қаз. */
const CYRILLIC = 'рф|рус|қаз|каз|москва|онлайн|сайт|дети|орг|ком|бел|укр|срб|мкд|мон|бг|ею|католик';
/** A word with a letter that is not Cyrillic, or one of those: `.kz`, `.москва`, `.中国`, `.xn--80asehdb`. */
const TOP = `(?:xn--[a-z0-9-]+|(?:${CYRILLIC})|(?=\\p{L}*(?!\\p{Script=Cyrillic})\\p{L})\\p{L}{2,})`;
const DOMAIN = `${LABEL}(?:\\.${LABEL}){0,9}\\.${TOP}(?![\\p{L}\\p{N}])`;
const REST = '(?::\\d{1,5})?(?:[/\\\\?#]\\S*)?';
const IP = '(?<![\\d.])(?:\\d{1,3}\\.){3}\\d{1,3}(?![\\d.]{0,9}\\d)';

const SCHEME = /\p{L}[\p{L}\p{N}+.-]{0,30}[:꞉∶]?[/\\]{2,}\S*|\bhttps?[:꞉∶]\S*/giu;
const SCHEME_ALONE =
  /(?<!\p{L})(?:mailto|tg|javascript|vbscript|data|whatsapp|viber|skype|intent|file|geo|callto):(?=\S)/giu;
const DIALLED = /(?<!\p{L})(?:tel|sms|smsto):(?=[+\d])/giu;
const WWW = /(?<![\p{L}\p{N}])www\d?\.\S*/giu;
const MAIL = new RegExp(`[^\\s@<>"'(),;:\\[\\]]{1,64}@${DOMAIN}`, 'giu');
const ADDRESS = new RegExp(`(?<![\\p{L}\\p{N}])[/\\\\]{0,9}(?:${DOMAIN}|${IP})${REST}`, 'giu');
/** Telegram links a name behind @, and a word behind / is a command that one tap sends. */
const HANDLE = /(?<![\p{L}\p{N}_@])@+(?=[\p{L}\p{N}_])/gu;
const COMMAND = /(?<![\p{L}\p{N}/_<])\/+(?=[a-z_])/giu;

/** Endings of files and of names that people know and that no domain has. */
const NO_DOMAIN = /^[^/\\]*\.(?:js|ts|txt|pdf|docx?|xlsx?|csv|jpe?g|png|mp[34])$/i;
/** `г.Москва`, `учиться.Онлайн`, `A.Serikova`: a space is missing. `приз.москва` and `приз.Москва/1` are no such thing. */
const ABBREVIATION = new RegExp(`^\\p{Script=Cyrillic}\\.(?:${CYRILLIC})$`, 'iu');
const SENTENCE = /^[\p{Script=Cyrillic}-]+\.\p{Lu}\p{Ll}+$/u;
const INITIALS = /^(?:\p{Lu}\.)+\p{Lu}\p{Ll}+$/u;

/**
 * The text without anything that a reader could click, and without characters that nobody sees. What else was said
 * stays, also dates, prices and abbreviations. Doing it twice changes nothing. Never throws.
 */
export function withoutLinks(text: string): string {
  const seen = text.toWellFormed().normalize('NFC').replace(UNSEEN_BUT_EMOJI, '');
  return openDots(seen)
    .split(/(\s+)/u)
    .map((word) => withoutLinkIn(word))
    .join('');
}

/** `evil [.] kz` and `http[:]//` are one word to whoever copies them. */
function openDots(text: string): string {
  return text.replace(/\s*[[({]\s*(?:\.|dot|точка)\s*[\])}]\s*/giu, '.').replaceAll('[:]', ':');
}

/** One word. It is looked at as a browser would read it; without an address it stays as it was typed. */
function withoutLinkIn(word: string): string {
  const read = word
    .normalize('NFKC')
    .replace(UNSEEN, '')
    .replace(/\p{M}+/gu, '')
    .replace(ODD_DOTS, '.')
    .replace(/h(?:xx|хх|\*\*)p/giu, 'http');
  const harmless = read
    .replace(SCHEME, LINK_WORD)
    .replace(WWW, LINK_WORD)
    .replace(MAIL, MAIL_WORD)
    .replace(ADDRESS, harmlessAddress)
    .replace(SCHEME_ALONE, '')
    .replace(DIALLED, '');
  const shown = harmless === read ? word : harmless;
  return shown.replace(/＠|﹫/g, '@').replace(HANDLE, '').replace(COMMAND, '');
}

function harmlessAddress(address: string): string {
  if (NO_DOMAIN.test(address)) return address;
  const isText = [ABBREVIATION, SENTENCE, INITIALS].some((pattern) => pattern.test(address));
  return isText ? address.replaceAll('.', '. ') : LINK_WORD;
}
