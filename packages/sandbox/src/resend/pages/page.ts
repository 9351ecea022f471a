/** The mail tab: every mail, and each one as its reader would see it. */
import { html } from '../../pages/html.ts';
import { hasWords, mailRow, noMailFits, wholeMail } from '../../pages/mail-view.ts';
import type { ProviderPage } from '../../world/provider.ts';
import type { ResendParts } from '../api/routes.ts';

const SHOWN_MAILS = 200;

/** Makes the tab. */
export function createResendPage({ mailbox, quota, settings }: ResendParts): ProviderPage {
  return {
    title: 'Почта',
    count: () => mailbox.count(),
    summary: () => {
      const { dailyQuota, monthlyQuota, ratePerSecond } = settings();
      return html`<span>Resend</span>
        <span
          >За месяц:
          <b>${quota.usedThisMonth()}</b>${monthlyQuota !== null && ` из ${monthlyQuota}`}</span
        >
        <span
          >Сегодня: <b>${quota.usedToday()}</b>${dailyQuota !== null && ` из ${dailyQuota}`}</span
        >
        <span>Лимит: <b>${ratePerSecond}</b> запросов в секунду</span>`;
    },
    searchFor: 'Найти письмо: адрес, тема, слова',
    list: (selected, words = '') => {
      if (mailbox.count() === 0) return nothingYet;
      const found = mailbox.newestFirst().filter((mail) => hasWords(mail, words));
      const mails = found.slice(0, SHOWN_MAILS);
      if (mails.length === 0) return noMailFits;
      return html`<ul class="rows">
        ${mails.map((mail) => mailRow({ tab: 'resend', words }, mail, mailbox.status(mail.id), mail.id === selected))}
      </ul>`;
    },
    item: (id) => {
      const [mail, status] = [mailbox.get(id), mailbox.status(id)];
      return mail && status && wholeMail(mail, status);
    },
  };
}

const nothingYet = html`<div class="empty">
  <p><b>Писем пока нет</b></p>
  <p>
    Оставьте заявку на <a href="/forms/">странице форм</a> — письмо появится здесь, когда придёт его
    время.
  </p>
</div>`;
