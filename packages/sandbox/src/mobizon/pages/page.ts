/** The SMS tab: every message as a phone would show it, with what it cost. */
import { html, showTime, type Html } from '../../pages/html.ts';
import type { ProviderPage } from '../../world/provider.ts';
import type { MobizonParts } from '../api/method.ts';
import { formatMoney, toMoney } from '../store/segments.ts';
import type { Campaign, MessageStatus, Sms } from '../store/sms.ts';

const SHOWN_MESSAGES = 200;

const STATUS_WORDS: Record<MessageStatus, string> = {
  NEW: 'создано',
  ENQUEUD: 'в очереди',
  ACCEPTD: 'у оператора',
  PDLIVRD: 'доставлено частично',
  DELIVRD: 'доставлено',
  UNDELIV: 'не доставлено',
  REJECTD: 'отклонено',
  EXPIRED: 'срок истёк',
  DELETED: 'удалено',
};
const BAD: MessageStatus[] = ['UNDELIV', 'REJECTD', 'EXPIRED', 'DELETED'];

/** Makes the tab. */
export function createMobizonPage({ account, settings }: MobizonParts): ProviderPage {
  return {
    title: 'SMS',
    count: () => sentMessages(account).length,
    summary: () =>
      html`<span>Mobizon</span>
        <span>Баланс: <b>${showMoney(account.balance())}</b></span>
        <span>Сегмент: <b>${showMoney(toMoney(settings().segmentPrice))}</b></span>`,
    list: () => {
      const messages = sentMessages(account).slice(-SHOWN_MESSAGES).reverse();
      if (messages.length === 0) return nothingYet;
      return html`<ul class="bubbles">
        ${messages.map((sms) => bubble(sms, account.campaigns.get(sms.campaignId)))}
      </ul>`;
    },
    item: () => undefined,
  };
}

/** Drafts are no messages yet: nobody gets them. */
function sentMessages({ sms, campaigns }: MobizonParts['account']): Sms[] {
  const drafts: (string | undefined)[] = ['NEW', 'READY_FOR_SEND', undefined];
  return sms.all().filter(({ campaignId }) => !drafts.includes(campaigns.get(campaignId)?.status));
}

const nothingYet = html`<div class="empty">
  <p><b>SMS пока нет</b></p>
  <p>
    Оставьте заявку с номером телефона на <a href="/forms/">странице форм</a> — сообщение появится
    здесь.
  </p>
</div>`;

function showMoney(tenThousandths: number): string {
  return `${Number(formatMoney(tenThousandths)).toLocaleString('ru-RU', { minimumFractionDigits: 2 })} ₸`;
}

function bubble(sms: Sms, campaign: Campaign | undefined): Html {
  const waits = campaign?.status === 'MODERATION';
  const words = waits ? 'ждёт модератора' : STATUS_WORDS[sms.status];
  const tone = sms.status === 'DELIVRD' ? 'good' : BAD.includes(sms.status) ? 'bad' : 'wait';
  const replaced =
    campaign?.askedFrom !== null &&
    campaign?.askedFrom !== undefined &&
    campaign.askedFrom !== sms.from;
  return html`<li class="phone">
    <div class="phone-head">
      <b>${sms.from}</b><span>→ +${sms.to}</span><time>${showTime(sms.createdAt)}</time>
    </div>
    <p class="bubble">${sms.text}</p>
    <div class="facts">
      <span class="badge ${tone}">${words}</span>
      <span class="${sms.segments > 1 ? 'costly' : ''}">${countSegments(sms.segments)}</span>
      <span>${sms.encoding}, ${sms.text.length} зн.</span>
      <span>${sms.cost === 0 ? 'не оплачено' : showMoney(sms.cost)}</span>
    </div>
    ${replaced && html`<p class="warn">Имя «${campaign.askedFrom}» не зарегистрировано, отправлено от ${sms.from}</p>`}
  </li>`;
}

function countSegments(segments: number): string {
  const word = new Intl.PluralRules('ru-RU').select(segments);
  return `${segments} ${word === 'one' ? 'сегмент' : word === 'few' ? 'сегмента' : 'сегментов'}`;
}
