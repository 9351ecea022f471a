/**
 * Preloaded into the notifier: it gets the ledger of ledger-under-test.ts in place of its own. Main file and all
 * other modules stay what they are, and nothing of this is an option of the product.
 */
import { registerHooks } from 'node:module';

const LEDGER = '@leadwire/shared/delivery/ledger';
const replacement = new URL('./ledger-under-test.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === LEDGER && context.parentURL !== replacement
      ? { url: replacement, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
});
