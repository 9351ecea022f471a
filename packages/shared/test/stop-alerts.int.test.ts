import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { PermanentError } from '@leadwire/shared/errors';
import { waitFor } from '@leadwire/testing/wait-for';
import { openConsumerFixture, type ConsumerFixture } from './consumer-fixture.ts';

let fixture: ConsumerFixture;
beforeAll(async () => {
  fixture = await openConsumerFixture();
});
afterEach(() => fixture.reset());
afterAll(() => fixture.close());

describe('people are told', () => {
  test('a stop that an earlier process told is told as over by the next one', async () => {
    await createAlerts(fixture.bus).raise({
      severity: 'critical',
      what: 'amocrm_stopped',
      message: '403',
    });
    await fixture.publishFor('notifier-email');
    fixture.start('notifier-email', () => Promise.resolve(), { stopNames: ['amocrm_stopped'] });
    await waitFor(async () => {
      const alert = await fixture.bus.lastUnder('ALERTS', 'alerts.critical.amocrm_stopped');
      return JSON.stringify(alert?.event).includes('"resolved"');
    });
  });

  test('a message that was given up is an alert, with the cause and the remedy', async () => {
    fixture.start('notifier-email', () =>
      Promise.reject(new PermanentError('validation_error', 'no such person@kurs.kz')),
    );
    await fixture.publishFor('notifier-email');
    const alert = await waitFor(() =>
      fixture.bus.lastUnder('ALERTS', 'alerts.warning.notifier-email_dead_letters'),
    );
    const told = JSON.stringify(alert.event);
    expect(told).toContain('validation_error');
    expect(told).toContain('dead list --service notifier-email');
    expect(told).not.toContain('kurs.kz');
  });
});
