/** People to fill the forms with, because each of them goes another way. All are invented, phones included. */
export const PEOPLE = [
  {
    label: 'обычный человек',
    name: 'Айгерим Сапарова',
    email: 'aigerim@mail.example-lead.kz',
    phone: '8 (705) 123-45-67',
  },
  {
    label: 'без цифры в телефоне',
    name: 'Данияр Ахметов',
    email: 'daniyar@mail.example-lead.kz',
    phone: '+7 (705) 123-45-6',
  },
  {
    label: 'опечатка в почте',
    name: 'Мадина Омарова',
    email: 'madina@gamil.com',
    phone: '+7 701 555 44 33',
  },
  { label: 'без почты', name: 'Ерлан', email: '', phone: '87775554433' },
  {
    label: 'бот',
    name: 'Best SEO',
    email: 'seo@mail.example-lead.kz',
    phone: '+7 702 111 22 33',
    trap: 'https://seo.invalid',
  },
  {
    label: 'злой шутник',
    name: '<img src=x onerror=alert(1)> Али',
    email: 'ali@mail.example-lead.kz',
    phone: '+7 747 222 33 44',
  },
  { label: 'пустая анкета', name: '', email: '', phone: '' },
];
