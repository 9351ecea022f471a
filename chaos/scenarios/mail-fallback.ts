import type { SandboxControl } from '@leadwire/sandbox/sandbox';
import type { Scenario, Scene } from '../scenario.ts';

/** Writes to sockets that a notifier makes in a few seconds of this load. */
const WRITES = 900;
/** A start takes about a hundred; who dies in it sees nothing of the fallback. */
const LEAST_WRITES = 200;
const FLAPS = 4;
const FALLBACK_WITHIN_MS = 30_000;
const POLL_MS = 100;

/**
 * Hunts: a mail that both providers have, because a lost answer was taken for a refusal, or because who takes over
 * from a dead notifier asks the other one. Mailgun does not notice repeats, so every repeat is a second mail.
 */
export const mailFallback: Scenario = {
  name: 'mail-fallback',
  hunts:
    'a mail from both providers, or from neither, while Resend goes down, half down, up and down again',
  leadsPerSecond: 5,
  processes: (random) => ({
    preload: ['crash-at.ts'],
    env: {
      MAILGUN_API_KEY: 'mailgun-sandbox-key',
      MAILGUN_DOMAIN: 'leadwire.kz',
      MAILGUN_RATE_PER_SECOND: '200',
      MAILGUN_EVENTS_LAG_MS: '2500',
      MAIL_FALLBACK_AFTER_MS: '400',
    },
    envOf: (service) =>
      service === 'notifier'
        ? {
            CHAOS_CRASH_AT_WRITE: String(random.int(LEAST_WRITES, WRITES)),
            CHAOS_CRASH_SIDE: random.pick(['before', 'after']),
          }
        : {},
  }),
  async disturb(scene) {
    const { sandbox } = scene.world;
    await scene.pass(1_000);
    await down(scene);
    await halfDown(scene);
    await flapping(scene);
    await answersLost(scene);
    await sandbox.clearFaults();
    await scene.pass(2_000);
  },
};

/** Until mails go through Mailgun, and a while longer, with answers of Mailgun's that get lost. */
async function down(scene: Scene): Promise<void> {
  const { sandbox } = scene.world;
  await sandbox.addFault({ provider: 'resend', action: { do: 'refuse', status: 503 } });
  const lost = { provider: 'mailgun', path: '*/messages' };
  await sandbox.addFault({ ...lost, probability: 0.15, action: { do: 'effect-then-drop' } });
  await sandbox.addFault({ ...lost, probability: 0.1, action: { do: 'effect-then-5xx' } });
  await untilMailgun(scene, sandbox);
  await scene.pass(4_000);
  await killOne(scene);
  await scene.pass(4_000);
  await sandbox.clearFaults();
}

async function halfDown(scene: Scene): Promise<void> {
  const { sandbox } = scene.world;
  const half = { provider: 'resend', probability: 0.5 };
  await sandbox.addFault({ ...half, action: { do: 'refuse', status: 503 } });
  await scene.pass(3_000);
  await killOne(scene);
  await scene.pass(3_000);
  await sandbox.clearFaults();
}

async function flapping(scene: Scene): Promise<void> {
  const { sandbox } = scene.world;
  for (let flap = 0; flap < FLAPS; flap += 1) {
    await sandbox.addFault({ provider: 'resend', action: { do: 'refuse' } });
    await scene.pass(2_000);
    await sandbox.clearFaults();
    await scene.pass(1_500);
  }
}

/** The worst of all: Resend takes every mail and says that it failed. */
async function answersLost(scene: Scene): Promise<void> {
  const { sandbox } = scene.world;
  await sandbox.addFault({
    provider: 'resend',
    path: '/emails',
    action: { do: 'effect-then-5xx' },
  });
  await scene.pass(3_000);
  await killOne(scene);
  await scene.pass(3_000);
}

async function killOne({ world, random }: Scene): Promise<void> {
  await random.pick(world.replicas.notifier).crash();
}

async function untilMailgun({ pass }: Scene, sandbox: SandboxControl): Promise<void> {
  const deadline = Date.now() + FALLBACK_WITHIN_MS;
  while (Date.now() < deadline) {
    if ((await sandbox.effects({ provider: 'mailgun' })).length > 0) return;
    await pass(POLL_MS);
  }
  throw new Error('no mail went through Mailgun: the scenario shows nothing');
}
