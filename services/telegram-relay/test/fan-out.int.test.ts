import { describe, expect, test } from 'vitest';
import { makeEvent } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { leadCreated } from '@leadwire/testing/lead';
import { waitFor } from '@leadwire/testing/wait-for';
import { timesShown, useRig } from './rig.ts';

const rig = useRig();

describe('a lead', () => {
  test('is shown in every group that takes its kind, once, with what a manager needs', async () => {
    const [all, tests, courses] = await Promise.all([
      rig.activeGroup('Отдел продаж'),
      rig.activeGroup('Профтест', { leadKinds: ['proftest'] }),
      rig.activeGroup('Курс', { leadKinds: ['purchase'] }),
    ]);
    await rig.startRelay({ LEAD_LINK_BASE_URL: 'https://console.leadwire.kz/leads' });
    const lead = await rig.publishLead({
      name: 'Айгерим',
      phone: '+77051234567',
      contactIssues: ['email_typo_suspected'],
      emailSuggestion: 'aigerim@mail.kz',
      paymentMethod: 'kaspi',
    });
    expect(await rig.settled(lead, all)).toBe('sent');
    expect(await rig.settled(lead, tests)).toBe('sent');
    expect(await rig.shownIn(courses.chatId)).toEqual([]);
    const [text, ...more] = await rig.shownIn(all.chatId);
    expect(more).toEqual([]);
    expect(text).toBe(
      [
        `Профтест #${lead.leadId.slice(-8)}`,
        'Айгерим',
        'Телефон: +77051234567',
        `Почта: ${lead.email}`,
        'Источник: proftest_spring_a',
        'UTM: instagram / spring_a',
        'Оплата: kaspi',
        'Внимание: в почте, видимо, опечатка (aigerim@mail.kz?)',
        'Результат: Аналитик данных',
        'Заявка',
      ].join('\n'),
    );
    const [message] = await rig.telegram().shown(all.chatId);
    const link = `https://console.leadwire.kz/leads/${lead.leadId}`;
    expect(message!.entities).toContainEqual(expect.objectContaining({ type: 'phone_number' }));
    expect(message!.entities).toContainEqual(
      expect.objectContaining({ type: 'text_link', url: link }),
    );
  });

  test('carries the link to its deal when crm-sync was quick enough', async () => {
    const group = await rig.activeGroup('Со сделками');
    await rig.startRelay({ AMOCRM_BASE_URL: 'https://leadwire.amocrm.ru' });
    const lead = await rig.publishLead();
    const data = {
      leadId: lead.leadId,
      outcome: 'synced' as const,
      at: lead.receivedAt,
      dealId: 4711,
    };
    await rig.bus().publish(
      subjects.crm('synced', lead.leadId),
      makeEvent('crm.recorded.v1', {
        source: 'crm-sync',
        subject: lead.leadId,
        data,
      }),
    );
    expect(await rig.settled(lead, group)).toBe('sent');
    const [message] = await rig.telegram().shown(group.chatId);
    expect(message!.entities).toContainEqual(
      expect.objectContaining({ url: 'https://leadwire.amocrm.ru/leads/detail/4711' }),
    );
  });

  test('of before a group was activated is not for it, and a replay repeats nothing', async () => {
    const early = await rig.publishLead();
    const group = await rig.activeGroup('Новая группа');
    await rig.startRelay();
    const lead = await rig.publishLead();
    expect(await rig.settled(lead, group)).toBe('sent');
    for (const each of [early, lead]) {
      const again = subjects.redrive('telegram-plan', `replay-${each.leadId}`, 'leads.created');
      await rig.bus().publish(again, leadCreated(each));
    }
    const last = await rig.publishLead();
    expect(await rig.settled(last, group)).toBe('sent');
    await rig.nothingIsLeft();
    const texts = await rig.shownIn(group.chatId);
    expect([early, lead, last].map((each) => timesShown(texts, each))).toEqual([0, 1, 1]);
  });

  test('is planned for nobody while the leads bot has no token', async () => {
    await rig.activeGroup('Без бота');
    await rig.startRelay({ TELEGRAM_LEADS_BOT_TOKEN: '' });
    const lead = await rig.publishLead();
    const manager = await rig.bus().manager();
    await waitFor(
      async () => {
        const { num_pending, num_ack_pending } = await manager.consumers.info(
          'LEADS',
          'telegram-plan',
        );
        return num_pending + num_ack_pending === 0;
      },
      { what: 'the lead to be acknowledged' },
    );
    expect(await createLedger(rig.bus()).ofLead(lead.leadId)).toEqual([]);
  });
});

describe('a hostile name', () => {
  const names: [string, string, string][] = [
    ['with tags', '<b>Анна</b> & "Ко" </i>', '<b>Анна</b> & "Ко" </i>'],
    ['with emoji', '👩‍👩‍👧‍👦 Анна 🇰🇿', '👩‍👩‍👧‍👦 Анна 🇰🇿'],
    ['with line breaks', 'Анна\r\nТелефон: 112', 'Анна\nТелефон: 112'],
    ['with right-to-left marks', '\u202Eаннa\u200F', 'аннa'],
    ['with halves of an emoji', '\uD83DАнна\uDE00', '\uFFFDАнна\uFFFD'],
    ['with entities', '&lt;&amp;&#60;', '&lt;&amp;&#60;'],
  ];

  test.each(names)('%s is shown as typed', async (what, name, shown) => {
    const group = await rig.activeGroup(what);
    await rig.startRelay();
    const lead = await rig.publishLead({ name });
    expect(await rig.settled(lead, group)).toBe('sent');
    const [text] = await rig.shownIn(group.chatId);
    expect(text).toContain(`\n${shown}\nТелефон: ${lead.phone}\n`);
  });

  test('of 4,000 characters is cut, and the rest of the message is there', async () => {
    const group = await rig.activeGroup('Длинное имя');
    await rig.startRelay();
    const lead = await rig.publishLead({ name: '<👍&>'.repeat(800) });
    expect(await rig.settled(lead, group)).toBe('sent');
    const [text] = await rig.shownIn(group.chatId);
    expect(text!.length).toBeLessThanOrEqual(4096);
    expect(text!.length).toBeGreaterThan(4080);
    expect(text).toContain('…\nТелефон: +7705');
    expect(text).toContain('UTM: instagram / spring_a');
  });
});
