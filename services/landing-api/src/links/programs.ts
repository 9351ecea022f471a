/** Who opens links without being a person: previews of messengers, scanners of mail systems, prefetching browsers. */

/**
 * By what they call themselves, in lower case. The list is short and knows only who says so: iMessage poses as
 * Facebook's and Twitter's. A scanner that poses as a browser is known by its haste (`isTooSoon`).
 */
const PROGRAMS = [
  'bot', // TelegramBot, Twitterbot, Slackbot, LinkedInBot, Discordbot, Googlebot…
  'crawler',
  'spider',
  'preview', // SkypeUriPreview, BingPreview, Google-PageRenderer's relatives
  'facebookexternalhit',
  'whatsapp/',
  'viber',
  'vkshare',
  'imageproxy', // Google's and Yandex's
  'yahoomailproxy',
  ...['barracuda', 'proofpoint', 'mimecast', 'safelinks', 'symantec', 'fortimail', 'kaspersky'],
  ...['urlscan', 'virustotal', 'scanner', 'headless', 'phantomjs'],
  ...['okhttp', 'curl/', 'wget/', 'python', 'java/', 'go-http-client', 'libwww', 'httpclient'],
  ...['axios', 'node-fetch', 'undici', 'ruby', 'php'],
];

/** A person needs this long to see a message, open it and touch a link. */
const FASTEST_PERSON_MS = 2_000;

/** True for a program by its own name; whoever gives no name is none of the browsers that people use. */
export function isProgram(agent: string | undefined): boolean {
  const name = (agent ?? '').trim().toLowerCase();
  return name === '' || PROGRAMS.some((program) => name.includes(program));
}

/** HEAD asks about a link, and a prefetch may never be looked at: neither is a person's. */
export function isByPerson({
  method,
  headers,
}: {
  method: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}): boolean {
  const purpose = [headers['sec-purpose'], headers['purpose'], headers['x-moz']].join(' ');
  if (method !== 'GET' || /prefetch|preview|prerender/i.test(purpose)) return false;
  return !isProgram([headers['user-agent']].flat()[0]);
}

/** True before the message was sent, and for as long after as no person can have opened it. */
export function isTooSoon(
  { state, lastClaimAt }: { state: string; lastClaimAt?: string | undefined },
  at: Date,
): boolean {
  if (lastClaimAt === undefined) return state === 'planned';
  return at.getTime() - Date.parse(lastClaimAt) < FASTEST_PERSON_MS;
}
