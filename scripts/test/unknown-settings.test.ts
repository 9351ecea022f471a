import { expect, test } from 'vitest';
import { unknownSettings } from '../stack/unknown-settings.ts';

const example = '# The broker.\n#NATS_URL=nats://127.0.0.1:4222\nNOTIFY_DELAY_MS=600000\n';

test('a name that nothing reads is told, with the one that was probably meant', () => {
  const names = ['NATS_URL', 'NOTIFY_DELAY_MS', 'NOTIFY_DELAI_MS', 'FAVOURITE_COLOUR'];
  // Docker's and Node's own are right there.
  names.push('COMPOSE_FILE', 'DOCKER_HOST', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE');
  expect(unknownSettings(names, example)).toEqual([
    '.env: NOTIFY_DELAI_MS is no setting of Leadwire; did you mean NOTIFY_DELAY_MS?',
    '.env: FAVOURITE_COLOUR is no setting of Leadwire.',
  ]);
});
