import { SegmentedMessage } from 'sms-segments-calculator';

export type Segmented = { segments: number; encoding: 'GSM-7' | 'UCS-2'; characters: number };

/** How many SMS a text takes: GSM 03.38 160/153, anything else UCS-2 70/67. */
export function segment(text: string): Segmented {
  const message = new SegmentedMessage(text);
  const encoding = message.getEncodingName() === 'GSM-7' ? 'GSM-7' : 'UCS-2';
  return { segments: message.segmentsCount, encoding, characters: text.length };
}

/** Money with four decimals, as Mobizon writes it. Whole ten-thousandths of a tenge go in. */
export function formatMoney(tenThousandths: number): string {
  return (tenThousandths / 10_000).toFixed(4);
}

/** Tenge to whole ten-thousandths: sums stay exact. */
export function toMoney(tenge: number): number {
  return Math.round(tenge * 10_000);
}
