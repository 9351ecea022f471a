/** What an SMS is billed as, counted as operators count (GSM 03.38; 3GPP TS 23.040 for several segments). */
import { SegmentedMessage } from 'sms-segments-calculator';

/** How many segments a text is billed as; in UCS-2 a single one has 70 UTF-16 units, in GSM-7 160 characters. */
export type SmsLength = { segments: number; encoding: 'GSM-7' | 'UCS-2' };

/** What makes an SMS dear, for a person to see before paying. */
export type SmsCost = SmsLength & {
  /** As it is billed: UTF-16 units in UCS-2 (an emoji is two or more), characters in GSM-7. */
  length: number;
  /** The most that fits into one segment in this encoding. */
  oneSegment: 70 | 160;
  /** Characters that only UCS-2 has: emoji, Cyrillic. One of them is enough for the whole text. */
  special: string[];
  /** Segments if each of these were a plain Latin letter: the difference is what they cost. */
  segmentsWithoutSpecial: number;
  /** Segments without the emoji: the difference is what those cost. */
  segmentsWithoutEmoji: number;
};

// The library takes a quarter of a millisecond, and a campaign has 100,000 texts that differ in a name. Any two
// letters of the same alphabet are billed alike, so texts of one shape share one count.
const LATIN = /[A-Za-z0-9 ]/g;
const CYRILLIC = /[А-Яа-яЁёӘәҒғҚқҢңӨөҰұҮүҺһІі]/g;
const MOST_SHAPES = 10_000;
const MOST_SPECIAL_SHOWN = 20;
const EMOJI =
  /\p{Extended_Pictographic}(?:\p{Emoji_Modifier}|\uFE0F|\u200D\p{Extended_Pictographic})*/gu;

const shapes = new Map<string, SmsLength>();

/** Counts the segments of a text. Quick for many texts of the same shape. */
export function measureSms(text: string): SmsLength {
  const shape = text.replace(LATIN, 'a').replace(CYRILLIC, 'я');
  const known = shapes.get(shape);
  if (known) return known;
  const { segmentsCount: segments, encodingName: encoding } = new SegmentedMessage(shape);
  if (shapes.size >= MOST_SHAPES) shapes.clear();
  const measured = { segments, encoding };
  shapes.set(shape, measured);
  return measured;
}

/** Explains what a text costs and which characters make it so. */
export function explainSms(text: string): SmsCost {
  const message = new SegmentedMessage(text);
  const special = [...new Set(message.getNonGsmCharacters())];
  const plain = special.reduce((rest, character) => rest.replaceAll(character, 'a'), text);
  return {
    segments: message.segmentsCount,
    encoding: message.encodingName,
    length: message.encodingName === 'UCS-2' ? text.length : message.numberOfCharacters,
    oneSegment: message.encodingName === 'UCS-2' ? 70 : 160,
    special: special.slice(0, MOST_SPECIAL_SHOWN),
    segmentsWithoutSpecial: new SegmentedMessage(plain).segmentsCount,
    segmentsWithoutEmoji: new SegmentedMessage(text.replace(EMOJI, '')).segmentsCount,
  };
}
