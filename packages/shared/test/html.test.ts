import { expect, test } from 'vitest';
import { escapeHtml } from '@leadwire/shared/runtime/html';

test('what people typed is text, between tags and in any attribute', () => {
  expect(escapeHtml(`O'Neil & <b>"Алия"</b>`)).toBe(
    'O&#39;Neil &amp; &lt;b&gt;&quot;Алия&quot;&lt;/b&gt;',
  );
});
