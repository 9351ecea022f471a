import { expect, test } from 'vitest';
import sharp from 'sharp';
import { LARGEST_PICTURE } from '@leadwire/shared/delivery/pictures';
import { LARGEST_UPLOAD, readyForMail } from '../src/texts/pictures.ts';

/** A picture that is hard to make small: every point is another colour. */
const noise = (width: number, height: number, channels: 3 | 4 = 3) => {
  const points = Buffer.alloc(width * height * channels);
  for (let at = 0; at < points.length; at += 1) points[at] = (at * 2_654_435_761) >>> (at % 13);
  return sharp(points, { raw: { width, height, channels } });
};

const refusal = (bytes: Uint8Array) =>
  readyForMail(bytes).then(
    () => 'taken',
    ({ message }: Error) => message,
  );

test('a photo of a phone becomes a JPEG of a mail: upright, small, without its camera and place', async () => {
  const photo = await noise(3_000, 2_000)
    .jpeg({ quality: 90 })
    .withExif({ IFD0: { Copyright: 'Дана' }, IFD3: { GPSLatitudeRef: 'N' } })
    .withMetadata({ orientation: 6 })
    .toBuffer();
  const { bytes, ending, width, height } = await readyForMail(photo);
  expect(ending).toBe('jpg');
  expect(width).toBeLessThanOrEqual(1_200);
  expect(height / width).toBeCloseTo(1.5, 1);
  expect(bytes.length).toBeLessThanOrEqual(LARGEST_PICTURE);
  const { exif, orientation } = await sharp(bytes).metadata();
  expect({ exif, orientation }).toEqual({ exif: undefined, orientation: undefined });
});

test('what is see-through stays so, what moves goes on moving, what is small keeps its size', async () => {
  const logo = await sharp({
    create: { width: 300, height: 100, channels: 4, background: '#00aa5580' },
  })
    .webp()
    .toBuffer();
  expect(await readyForMail(logo)).toMatchObject({ ending: 'png', width: 300, height: 100 });
  const frames = [Buffer.alloc(300, 10), Buffer.alloc(300, 200)];
  const gif = await sharp(Buffer.concat(frames), {
    raw: { width: 10, height: 20, channels: 3, pageHeight: 10 },
  })
    .gif({ delay: [100, 100] })
    .toBuffer();
  const moving = await readyForMail(gif);
  expect(moving).toMatchObject({ ending: 'gif', width: 10, height: 10 });
  expect((await sharp(moving.bytes, { animated: true }).metadata()).pages).toBe(2);
});

test.each([
  ['20 MB', Buffer.alloc(2 * LARGEST_UPLOAD, 0xff), /Картинка 20 МБ, а можно до 10 МБ/],
  ['a script under another name', Buffer.from('#!/bin/sh\nexit'), /Это не картинка/],
  ['nothing', Buffer.alloc(0), /Это не картинка/],
  ['SVG', Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'), /SVG/],
  ['HEIC', Buffer.from('\0\0\0\x18ftypheic\0\0\0\0'), /HEIC/],
  ['half a JPEG', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3]), /повреждён/],
])('%s is refused with words', async (_what, bytes, words) => {
  expect(await refusal(bytes)).toMatch(words);
});

test('a small file that opens to more points than memory holds is refused before it does', async () => {
  const bomb = await sharp({
    create: { width: 12_000, height: 12_000, channels: 3, background: '#fff' },
    limitInputPixels: false,
  })
    .png()
    .toBuffer();
  expect(bomb.length).toBeLessThan(LARGEST_UPLOAD);
  expect(await refusal(bomb)).toMatch(/слишком много точек/);
});
