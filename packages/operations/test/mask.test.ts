import { describe, expect, test } from 'vitest';
import {
  maskEmail,
  maskJson,
  maskName,
  maskPhone,
  maskText,
} from '@leadwire/operations/masking/mask';

describe('contact data', () => {
  test('keeps enough to be recognised', () => {
    expect(maskEmail('aigerim@mail.kz')).toBe('a•••@mail.kz');
    expect(maskPhone('+77051234567')).toBe('+7705•••67');
    expect(maskName('Айгерим')).toBe('А•••');
  });

  test('that is no real address or number is hidden whole', () => {
    expect([maskEmail('@mail.kz'), maskEmail('aigerim'), maskPhone('8705')]).toEqual([
      '•••',
      '•••',
      '•••',
    ]);
  });

  test('is found inside other text, ids and times are not', () => {
    expect(maskText('no mailbox Aida.K@mail.kz, +7 (705) 123-45-67')).toBe(
      'no mailbox A•••@mail.kz, +7 (7•••67',
    );
    const harmless = [
      '01a1f8d0-c5f1-722a-9536-5a363fe060d2',
      '2026-11-20T11:56:35.261Z',
      'Resend: 422 validation_error',
    ];
    for (const text of harmless) expect(maskText(text)).toBe(text);
  });

  test('in JSON is masked by its field, and whatever a form sent is hidden', () => {
    const lead = {
      leadId: '01a1f8d0-c5f1-722a-9536-5a363fe060d2',
      name: 'Айгерим',
      email: 'aigerim@mail.kz',
      phone: null,
      answers: { city: 'Алматы', list: ['a', 7, true, null] },
      utm: { source: 'instagram' },
    };
    expect(maskJson({ data: { lead } })).toEqual({
      data: {
        lead: {
          ...lead,
          name: 'А•••',
          email: 'a•••@mail.kz',
          answers: { city: '•••', list: ['•••', '•••', '•••', null] },
        },
      },
    });
  });
});
