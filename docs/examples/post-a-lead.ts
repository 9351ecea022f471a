/**
 * Posts one lead as a landing page does. The key belongs to the submission, not to the person: make it when the
 * form is opened, send the same one when you try again, and Leadwire keeps one lead.
 */
import { randomUUID } from 'node:crypto';

const api = process.env['API_URL'] ?? 'http://localhost:3101';
const key = process.argv[2] ?? randomUUID();

const response = await fetch(`${api}/api/landing/proftest/spring_a`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'idempotency-key': key },
  body: JSON.stringify({
    name: 'Айгерим Примерова',
    email: 'aigerim@leadwire-sample.kz',
    phone: '+7 700 000 00 01',
    utmSource: 'instagram',
    utmCampaign: 'spring',
  }),
});
// 201: a new lead, on disk. 200: the same submission again. 503: try again after Retry-After seconds.
const { leadId, duplicate = false } = (await response.json()) as {
  leadId: string;
  duplicate?: boolean;
};
console.log(JSON.stringify({ status: response.status, leadId, duplicate, key }));
