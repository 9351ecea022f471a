/**
 * Preloaded into a service (`node --import`): its clock is CHAOS_CLOCK_AHEAD_MS ahead, as after a machine that slept
 * or a clock that was set. Timers run as ever; only what is read from the clock differs.
 */
const ahead = Number(process.env['CHAOS_CLOCK_AHEAD_MS'] ?? 0);
const RealDate = Date;
const now = (): number => RealDate.now() + ahead;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as object,
  get: (target, name): unknown => (name === 'now' ? now : Reflect.get(target, name)),
});
