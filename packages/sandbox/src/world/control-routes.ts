/** The control plane, `/__sim/...`: JSON in, JSON out. It takes only JSON bodies, so no foreign page can post here. */
import type { FastifyInstance } from 'fastify';
import { z, ZodError } from 'zod';
import type { Faults } from './faults.ts';
import type { Provider, World } from './provider.ts';
import type { RequestLog } from './requests.ts';

type Parts = {
  world: World;
  providers: Provider[];
  faults: Faults;
  requests: RequestLog;
  reset(): void;
};

const clockSchema = z.strictObject({
  advanceMs: z.number().min(0).optional(),
  frozen: z.boolean().optional(),
});

/** Adds the control routes; each provider adds its own under its name. */
export function controlRoutes(app: FastifyInstance, parts: Parts): void {
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof ZodError) return reply.code(400).send({ error: z.prettifyError(error) });
    const { statusCode = 500, message } = error as { statusCode?: number; message: string };
    return reply.code(statusCode).send({ error: message });
  });
  app.get('/health', () => ({ status: 'ok', providers: parts.providers.map(({ name }) => name) }));
  app.post('/reset', () => {
    parts.reset();
    return { ok: true };
  });
  clockRoutes(app, parts);
  ledgerRoutes(app, parts);
  faultRoutes(app, parts);
  for (const provider of parts.providers) {
    void app.register(
      (scope, _options, done) => {
        scope.get('/settings', () => provider.settings.read());
        scope.patch('/settings', (request) => {
          const settings = provider.settings.change(request.body);
          parts.world.changed();
          return settings;
        });
        provider.control?.(scope);
        done();
      },
      { prefix: `/${provider.name}` },
    );
  }
}

function clockRoutes(app: FastifyInstance, { world: { clock, store } }: Parts): void {
  const read = () => ({
    now: clock.now(),
    iso: new Date(clock.now()).toISOString(),
    frozen: clock.isFrozen(),
  });
  app.get('/clock', read);
  app.post('/clock', async (request) => {
    const { advanceMs, frozen } = clockSchema.parse(request.body);
    if (frozen !== undefined) clock.setFrozen(frozen);
    if (advanceMs !== undefined) await clock.advance(advanceMs);
    store.table<number>('clock').put('offset', clock.offset());
    return read();
  });
}

const effectsQuery = z.object({
  provider: z.string().optional(),
  to: z.string().optional(),
  kind: z.string().optional(),
  after: z.coerce.number().int().min(0).optional(),
  most: z.coerce.number().int().min(1).optional(),
});

function ledgerRoutes(app: FastifyInstance, { world, requests }: Parts): void {
  const providerQuery = z.object({ provider: z.string().optional() });
  app.get('/effects', (request) => ({
    effects: world.effects.list(effectsQuery.parse(request.query)),
  }));
  app.get('/requests', (request) => ({
    requests: requests.list(providerQuery.parse(request.query).provider),
  }));
  app.get('/webhooks', (request) => ({
    attempts: world.webhooks.attempts(providerQuery.parse(request.query).provider),
  }));
  app.post<{ Params: { id: string } }>('/webhooks/:id/replay', async (request, reply) =>
    world.webhooks.replay(request.params.id)
      ? { ok: true }
      : reply.code(404).send({ error: 'no such message' }),
  );
}

function faultRoutes(app: FastifyInstance, { faults, providers, world }: Parts): void {
  app.get('/faults', () => ({ faults: faults.list() }));
  app.post('/faults', (request) => {
    const rule = faults.add(request.body as Parameters<Faults['add']>[0]);
    world.changed();
    return rule;
  });
  app.delete('/faults', () => {
    faults.clear();
    world.changed();
    return { ok: true };
  });
  app.delete<{ Params: { id: string } }>('/faults/:id', (request) => {
    const removed = faults.remove(request.params.id);
    world.changed();
    return { removed };
  });
  /** Switches a ready-made fault of the page on. */
  app.put<{ Params: { id: string } }>('/faults/:id', async (request, reply) => {
    const presets = providers.flatMap((provider) => provider.presets);
    const preset = presets.find(({ id }) => id === request.params.id);
    if (preset === undefined) return reply.code(404).send({ error: 'no such preset' });
    const rule = faults.add({ ...preset.rule, id: preset.id, title: preset.title });
    world.changed();
    return rule;
  });
}
