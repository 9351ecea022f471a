/** One's own Telegram: tied by a link that works once, so that a lead taken there is one's own in AmoCRM as well. */
import { html, type Html } from '../html.ts';
import { moment, type Clock } from '../words/time.ts';
import { qrCode } from './partners/qr-code.ts';
import { icon } from './parts.ts';

export interface TelegramShown {
  /** When it was tied; undefined when it is not. */
  tiedAt: string | undefined;
  /** What was made just now; shown once. */
  made?: { code: string; bot: string | undefined; validUntil: Date };
  clock: Clock;
}

export function telegramCard({ tiedAt, made, clock }: TelegramShown): Html {
  const state =
    tiedAt === undefined
      ? html`<p>
          Нажмёте под заявкой в группе «Взять в работу», и её сделка в AmoCRM станет вашей. Для
          этого бот должен знать, кто вы.
        </p>`
      : html`<p>
          <span class="st st-good"
            >${icon('circle-check')} <span>Привязан ${moment(tiedAt, clock)}</span></span
          >
        </p>`;
  return html`<section class="card w-7" aria-labelledby="h-telegram" id="telegram">
    <div class="card-head"><h2 id="h-telegram">Telegram</h2></div>
    <div class="stack-s">
      ${state} ${made ? madeLink(made, clock) : undefined}
      <form method="post" action="/account/telegram">
        <button class="btn">
          ${tiedAt === undefined ? 'Привязать Telegram' : 'Привязать другой'}
        </button>
      </form>
    </div>
  </section>`;
}

function madeLink(
  { code, bot, validUntil }: NonNullable<TelegramShown['made']>,
  clock: Clock,
): Html {
  const until = html`<p class="hint">
    Работает один раз, до ${moment(validUntil, clock)}. Никому не пересылайте: кто откроет, тот и
    станет вами.
  </p>`;
  if (bot === undefined) {
    return html`<p>Напишите боту заявок в личные сообщения: <code>/start ${code}</code></p>
      ${until}`;
  }
  const link = `https://t.me/${bot}?start=${code}`;
  return html`<p>
      <a class="btn btn-primary" href="${link}" rel="noreferrer"
        >${icon('telegram')} Открыть бота и нажать «Запустить»</a
      >
    </p>
    ${qrCode(link, 'QR-код ссылки на бота')} ${until}`;
}
