import { describe, expect, test } from 'vitest';
import { recipients, useApi } from './api-rig.ts';

const api = useApi();

function listed(count: number, from = 0) {
  return { audience: { kind: 'list', recipients: recipients(count, from) } };
}

const statusOf = async (id: string) => (await api.get(`/api/campaigns/${id}`)).body;

describe('the preview', () => {
  test('shows the mail as a page that can do nothing, and as text', async () => {
    const id = await api.draft({
      audience: {
        kind: 'list',
        recipients: [
          { name: '<img src=x onerror=alert(1)>', email: 'a@mail.kz' },
          { name: 'Борис', email: 'b@mail.kz' },
        ],
      },
    });
    const page = await api.get(`/api/campaigns/${id}/preview?format=html`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.text).toContain('<!doctype html>');
    expect(page.text).toContain('осталось 7 дней');
    expect(page.text).not.toContain('<img');
    const text = await api.get(`/api/campaigns/${id}/preview?format=text&row=2`);
    expect(text.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(text.text).toContain('Здравствуйте, Борис!');
    expect((await api.get(`/api/campaigns/${id}/preview?row=3`)).status).toBe(404);
  });

  test('of an SMS tells segments and cost, and what Cyrillic and emoji add', async () => {
    const personal = (tail: string) => `https://leadwire.kz/${tail}`;
    const id = await api.draft({
      channel: 'sms',
      audience: {
        kind: 'list',
        recipients: [
          { name: 'Анна', phone: '8 705 123 45 67', link: personal('a') },
          { name: 'Борис', phone: '+77051234568', link: personal('b'.repeat(60)) },
          { name: 'Вера', email: 'vera@mail.kz' },
          { name: 'Глеб', phone: '+77051234569', link: personal('c'.repeat(200)) },
        ],
      },
    });
    // Whoever is left out costs nothing.
    const contacts = [{ channel: 'sms', contact: '+77051234569' }];
    await api.post('/api/suppressions', { contacts });
    const { body } = await api.get(`/api/campaigns/${id}/preview`);
    expect(body).toMatchObject({
      read: 4,
      audience: 2,
      leftOut: { contact_missing: 1, suppressed: 1 },
      people: {
        items: [
          { row: 3, name: 'Вера', reason: 'contact_missing' },
          { row: 4, name: 'Глеб', reason: 'suppressed' },
        ],
      },
      sms: {
        people: 2,
        segments: 3,
        estimate: 60,
        bySegments: { 1: 1, 2: 1 },
        longest: {
          row: 2,
          encoding: 'UCS-2',
          segments: 2,
          oneSegment: 70,
          segmentsWithoutSpecial: 1,
          segmentsWithoutEmoji: 2,
          special: expect.arrayContaining(['э', 'ф']),
        },
      },
    });
    // Everybody's text is counted once, however many pages of people follow.
    const second = await api.get(`/api/campaigns/${id}/preview?after=3`);
    expect(second.body).toMatchObject({ people: { items: [{ row: 4 }] }, sms: null });
    const page = await api.get(`/api/campaigns/${id}/preview?format=html`);
    expect(page.text).toContain('эфир перенесён на 27.11 19:00 https://leadwire.kz/a');
  });

  test('lists everybody who is left out, page by page', async () => {
    const nobody = Array.from({ length: 25 }, (_, n) => ({ name: `Имя ${n}` }));
    const id = await api.draft({ audience: { kind: 'list', recipients: nobody } });
    const rows: number[] = [];
    let after: number | null = 0;
    while (after !== null) {
      const { body } = await api.get(`/api/campaigns/${id}/preview?after=${after}&limit=10`);
      const { people } = body as unknown as {
        people: { items: { row: number }[]; nextAfter: number | null };
      };
      rows.push(...people.items.map(({ row }) => row));
      after = people.nextAfter;
    }
    expect(rows).toEqual(nobody.map((_, index) => index + 1));
  });
});

describe('a test send', () => {
  test('reaches the given addresses, marked as a test, and nobody twice for the same key', async () => {
    const id = await api.draft(listed(1, 700));
    const send = (key: string) =>
      api.post(
        `/api/campaigns/${id}/test`,
        { to: ['Marketer@leadwire-sample.kz', 'marketer@leadwire-sample.kz'] },
        { 'idempotency-key': key },
      );
    for (const key of ['one', 'one', 'two']) {
      expect(await send(key)).toMatchObject({
        status: 200,
        body: { results: [{ to: 'marketer@leadwire-sample.kz', sent: true }] },
      });
    }
    const mails = await api.control().mails('marketer@leadwire-sample.kz');
    expect(mails).toHaveLength(2);
    expect(mails[0]).toMatchObject({
      subject: '[Тест] Эфир «Как выбрать профессию» перенесён на 27 ноября',
      text: expect.stringContaining('Здравствуйте, Айгерим!'),
    });
    expect(await statusOf(id)).toMatchObject({ campaign: { status: 'draft' } });
  });

  test('of an SMS is the text to the letter, once for the same key', async () => {
    const id = await api.draft({ channel: 'sms' });
    const send = (key: string) =>
      api.post(
        `/api/campaigns/${id}/test`,
        { to: ['8 705 765 43 21'] },
        { 'idempotency-key': key },
      );
    for (const key of ['one', 'one', 'two']) {
      expect(await send(key)).toMatchObject({ status: 200, body: { results: [{ sent: true }] } });
    }
    const texts = (await api.control().sms('77057654321')).map(({ text }) => text);
    const text = 'Leadwire: эфир перенесён на 27.11 19:00 https://leadwire.kz/s/b4Tz9Rc';
    expect(texts).toEqual([text, text]);
  });

  test('says what became of each address, and refuses what is none', async () => {
    const id = await api.draft();
    const answer = await api.post(`/api/campaigns/${id}/test`, {
      to: ['nobody@example.com', 'somebody@leadwire-sample.kz'],
    });
    expect(answer.body).toMatchObject({
      results: [
        { to: 'nobody@example.com', sent: false, error: expect.stringContaining('Resend') },
        { to: 'somebody@leadwire-sample.kz', sent: true },
      ],
    });
    const wrong = await api.post(`/api/campaigns/${id}/test`, { to: ['a@mail.kz', 'b@'] });
    expect(wrong).toMatchObject({ status: 422, body: { issues: [{ path: 'to.1' }] } });
  });
});

test('templates say what they ask for', async () => {
  const { body } = await api.get('/api/templates');
  expect(body).toMatchObject({
    templates: [
      {
        name: 'stream-moved',
        channels: ['email', 'sms'],
        variables: expect.arrayContaining([
          expect.objectContaining({ name: 'newDate', required: true }),
        ]),
      },
    ],
  });
});
