/** Which of our fields a form means, by what it calls them: ids, labels, questions; English, Russian, Kazakh. */
import type { OurField } from '@leadwire/shared/contract/intake-forms';
import { remembered } from './remembered.ts';

type Known = Exclude<OurField, 'answer' | 'challenge' | 'ignore' | 'id' | `utm_${string}`>;

/** Names as `plain` leaves them. */
const EXACT: Record<Known, readonly string[]> = {
  name: [
    'name',
    'yourname',
    'fullname',
    'clientname',
    'customername',
    'contactname',
    'username',
    'leadname',
    'fio',
    'фио',
    'имя',
    'вашеимя',
    'имяклиента',
    'имяифамилия',
    'имяфамилия',
    'фамилияимя',
    'фамилияиимя',
    'имяученика',
    'аты',
    'атыңыз',
    'атыжөні',
    'атыжөніңіз',
    'есімі',
    'есіміңіз',
    'есім',
    'textname',
  ],
  firstName: ['firstname', 'first', 'fname', 'givenname'],
  lastName: ['lastname', 'last', 'lname', 'surname', 'familyname', 'фамилия', 'тегі', 'тегіңіз'],
  email: [
    'email',
    'youremail',
    'mail',
    'emailaddress',
    'workemail',
    'useremail',
    'contactemail',
    'почта',
    'вашапочта',
    'электроннаяпочта',
    'эпочта',
    'емейл',
    'имейл',
    'мейл',
    'емаил',
    'адресэлектроннойпочты',
    'поштаңыз',
    'пошта',
    'электрондықпошта',
  ],
  phone: [
    'phone',
    'yourphone',
    'tel',
    'yourtel',
    'telephone',
    'phonenumber',
    'mobile',
    'cell',
    'mobilephone',
    'mobilenumber',
    'workphone',
    'userphone',
    'contactphone',
    'whatsapp',
    'whatsappnumber',
    'телефон',
    'ваштелефон',
    'тел',
    'номер',
    'номертелефона',
    'ватсап',
    'мобильный',
    'мобильныйтелефон',
    'контактныйтелефон',
    'телефоныңыз',
    'телефоннөмірі',
    'телефоннөміріңіз',
    'нөмір',
    'нөміріңіз',
    'ұялытелефон',
  ],
  paymentMethod: [
    'paymentmethod',
    'paymethod',
    'paymenttype',
    'paymentsystem',
    'paysystem',
    'способоплаты',
    'какоплатить',
    'каксобираетесьоплатить',
    'төлемтәсілі',
    'төлемтүрі',
  ],
  course: ['course', 'coursename', 'курс', 'выбранныйкурс', 'какойкурс'],
  consent: [
    'consent',
    'agree',
    'agreed',
    'agreement',
    'acceptance',
    'gdpr',
    'gdprconsent',
    'privacy',
    'privacypolicy',
    'privacyconsent',
    'policy',
    'policyagree',
    'personaldata',
    'dataconsent',
    'pdn',
    'soglasie',
    'согласие',
    'келісім',
  ],
  consentAt: ['consentat', 'consenttime', 'consentdate', 'consenttimestamp', 'датасогласия'],
  consentText: ['consenttext', 'consentlabel', 'agreementtext', 'текстсогласия'],
  page: [
    'page',
    'pageurl',
    'pagelink',
    'url',
    'location',
    'href',
    'sourceurl',
    'landing',
    'landingpage',
    'landingurl',
    'страница',
    'адресстраницы',
    'urlстраницы',
    'eventsourceurl',
  ],
  referrer: [
    'referrer',
    'referer',
    'pagereferrer',
    'documentreferrer',
    'httpreferer',
    'источникперехода',
  ],
  cookies: ['cookies', 'cookie'],
};

/** Parts of a label, for a field whose whole name is not in the table. Never both in one pattern. */
const INSIDE: readonly (readonly [Known, RegExp, RegExp])[] = [
  // Before the others: people agree to calls to their phone. A test may ask whether somebody agrees with something else.
  [
    'consent',
    /соглас\S*(?=.*(данн|политик|конфиденц|рассыл|сообщен|звон|связ))|(обработ|защит)\S* (моих |своих )?персональн|политик\S* конфиденц|privacy policy|personal data|(^|\s)(consent|acceptance|gdpr)|дерек\S*.*келіс|келіс\S*.*дерек/u,
    /^(почему|зачем|why)/u,
  ],
  ['email', /e-?mail|(^|\s)(эл\S*\s+)?почт|мейл|имейл|пошта/u, /рассыл|подпис|subscri/u],
  [
    'phone',
    /телефон|phone|what'?s?\s?app|ватсап|вацап|вотсап|мобильн|mobile|нөмір|(^|\s)(тел|tel)(\s|$)|ваш номер|контактный номер|номер для связи/u,
    /заказ|договор|order|модел|model/u,
  ],
  [
    'name',
    /(^|\s)(имя|фио|зовут|обращаться)(\s|$)|your name|full name|аты\s?жөн|есім|атыңыз/u,
    /компан|организац|ребен|школ|бала|company|form|курс/u,
  ],
  ['paymentMethod', /способ оплаты|payment method|хотите оплатить|будете оплачивать/u, /^$/u],
];

const UTM = /^(?:first|last|initial)?utm(source|medium|campaign|content|term)$/;
const CLICK_ID = /^(fbclid|gclid|wbraid|gbraid|yclid|ttclid|fbp|fbc|gclick?id|gcl|rb?clickid)$/;

/** Lower case, `ё` as `е`, letters and digits alone: `Your-Phone` is `yourphone`. */
export const plain = remembered((name) => {
  if (/^[\x20-\x7E]*$/.test(name)) return name.toLowerCase().replace(/[^a-z0-9]+/g, '');
  return name
    .normalize('NFC')
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[^\p{L}\p{N}]+/gu, '');
});

/** The field of ours that one of these names means, the surest first, or undefined. */
export function ourFieldOf(names: readonly string[]): Known | undefined {
  return exactField(names) ?? INSIDE[firstOf(names, placeInside)]?.[0];
}

/** By the whole name. */
export function exactField(names: readonly string[]): Known | undefined {
  return fields[firstOf(names, placeOf)];
}

/** The smallest of the names' places in a table; Infinity when none of them is in it. */
function firstOf(names: readonly string[], place: (name: string) => number): number {
  return names.reduce((first, name) => Math.min(first, place(name)), Infinity);
}

/** Of the first pattern that a label fits. */
const placeInside = remembered((name) => {
  const label = name
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[^\p{L}\p{N}-]+/gu, ' ')
    .trim();
  const place = INSIDE.findIndex(
    ([, pattern, except]) => pattern.test(label) && !except.test(label),
  );
  return place < 0 ? Infinity : place;
});

/** Belongs to the click or the page, whatever it says: it is read with the attribution. */
export function isTrackingField(name: string): boolean {
  const wanted = plain(name);
  return UTM.test(wanted) || CLICK_ID.test(wanted);
}

const fields = Object.keys(EXACT) as Known[];
const byAlias = new Map(
  fields.flatMap((field, place) => EXACT[field].map((alias) => [alias, place])),
);
const placeOf = (name: string) => byAlias.get(plain(name)) ?? Infinity;

/** A known name that this one is a slip away from (`phnoe`, `emial`), for a person to look at. */
export const nearField = remembered((name): Known | undefined => {
  const wanted = plain(name);
  if (wanted.length < 4) return undefined;
  return fields.find((field) =>
    EXACT[field].some((alias) => alias.length >= 4 && isSlip(wanted, alias)),
  );
});

/** One letter too many, missing or other, or two neighbours swapped. */
function isSlip(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1 || one === other) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  const [rest, otherRest] = [one.slice(start), other.slice(start)];
  const isSwap =
    rest[0] === otherRest[1] && rest[1] === otherRest[0] && rest.slice(2) === otherRest.slice(2);
  return (
    isSwap ||
    rest.slice(1) === otherRest ||
    rest === otherRest.slice(1) ||
    rest.slice(1) === otherRest.slice(1)
  );
}
