/** How the product's own messages are called. */
import type { TemplateName } from '@leadwire/templates/templates';

export const messageWords: Readonly<Record<TemplateName, string>> = {
  'certificate-issued': 'Выдан сертификат',
  'course-purchase': 'Заявка на курс',
  'email-changed': 'Почта изменена: на новую почту',
  'email-changed-old': 'Почта изменена: на прежнюю почту',
  'password-changed': 'Пароль изменён',
  'proftest-result': 'Результат теста',
  'referral-commission': 'Вознаграждение партнёру',
  welcome: 'Доступ к урокам',
};
