/** The tab of the second mail provider: empty as long as Resend takes mail. */
import { html } from '../../pages/html.ts';
import { hasWords, mailRow, noMailFits, wholeMail } from '../../pages/mail-view.ts';
import type { ProviderPage } from '../../world/provider.ts';
import type { MailgunSettings } from '../lifecycle/settings.ts';
import type { MailgunMails } from '../store/mails.ts';

const SHOWN_MAILS = 200;

/** Makes the tab. */
export function createMailgunPage(parts: {
  mails: MailgunMails;
  settings: () => MailgunSettings;
}): ProviderPage {
  const { mails, settings } = parts;
  return {
    title: 'Почта (запасная)',
    count: () => mails.count(),
    summary: () =>
      html`<span>Mailgun</span>
        <span>Лимит: <b>${settings().ratePerSecond}</b> запросов в секунду</span>`,
    searchFor: 'Найти письмо: адрес, тема, слова',
    list: (selected, words = '') => {
      if (mails.count() === 0) return nothingYet;
      const found = mails.newestFirst().filter((mail) => hasWords(mail, words));
      const shown = found.slice(0, SHOWN_MAILS);
      if (shown.length === 0) return noMailFits;
      return html`<ul class="rows">
        ${shown.map((mail) => mailRow({ tab: 'mailgun', words }, mail, mails.status(mail.id), mail.id === selected))}
      </ul>`;
    },
    item: (id) => {
      const [one, status] = [mails.find(id), mails.status(id)];
      return one && status && wholeMail(one.mail, status);
    },
  };
}

const nothingYet = html`<div class="empty">
  <p><b>Здесь пусто, и это хорошо</b></p>
  <p>
    Письма идут через Mailgun, только пока их не принимает Resend. Попробуйте: включите сбой Resend
    на вкладке <a href="/inbox/faults">«Сбои»</a>.
  </p>
</div>`;
