/** A QR code as a picture that needs no script and no style of its own. */
import { encode } from 'uqr';
import { html, type Html } from '../../html.ts';

/** Modules of white around it, without which some cameras do not see it. */
const QUIET = 4;

export function qrCode(text: string, label: string): Html {
  const { data, size } = encode(text, { ecc: 'M', border: QUIET });
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : [])),
  );
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${label}">
    <path class="qr-bed" d="M0 0h${size}v${size}h-${size}z"></path>
    <path class="qr-ink" d="${squares.join('')}"></path>
  </svg>`;
}
