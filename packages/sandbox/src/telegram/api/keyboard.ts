/** The buttons under a message (reply_markup). Keyboards of other kinds are accepted and not shown. */
import { refuse } from './answers.ts';
import { jsonOf, type Params } from './params.ts';
import type { Button } from '../store/records.ts';

/** Bytes of a keyboard (the server's REPLY_MARKUP_TOO_LONG; the true figure is not published). */
const MOST_MARKUP_BYTES = 10_000;
/** Bot API manual, InlineKeyboardButton. */
const MOST_DATA_BYTES = 64;

/** Rows of buttons; none when the call has no inline keyboard. Throws the refusals of the Bot API. */
export function readKeyboard(params: Params): Button[][] {
  const markup = params.get('reply_markup') ?? '';
  if (markup === '') return [];
  if (Buffer.byteLength(markup) > MOST_MARKUP_BYTES) throw refuse(400, 'reply markup is too long');
  const parsed = jsonOf(params, 'reply_markup');
  if (typeof parsed !== 'object' || parsed === null) {
    throw refuse(400, "Can't parse reply keyboard markup JSON object");
  }
  const { inline_keyboard: rows } = parsed as { inline_keyboard?: unknown };
  if (rows === undefined) return [];
  if (!Array.isArray(rows) || !rows.every((row) => Array.isArray(row))) {
    throw refuse(
      400,
      'Can\'t parse inline keyboard: Field "inline_keyboard" must be of type Array',
    );
  }
  return (rows as unknown[][]).map((row) => row.map(readButton)).filter((row) => row.length > 0);
}

function readButton(given: unknown): Button {
  const { text, callback_data: data, url } = (given ?? {}) as Record<string, unknown>;
  if (typeof text !== 'string' || text === '') {
    throw refuse(
      400,
      'Can\'t parse inline keyboard button: Field "text" must be a non-empty String',
    );
  }
  if (typeof url === 'string') return { text, url };
  if (typeof data !== 'string') {
    throw refuse(400, 'Text buttons are unallowed in the inline keyboard');
  }
  const bytes = Buffer.byteLength(data);
  if (bytes === 0 || bytes > MOST_DATA_BYTES) throw refuse(400, 'BUTTON_DATA_INVALID');
  return { text, data };
}
