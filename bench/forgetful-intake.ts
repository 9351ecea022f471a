/** landing-api, but a lead is kept nowhere: what the route costs before anything is stored. */
import { runExchangedIntake } from './exchanged-intake.ts';

await runExchangedIntake('forgetful-intake', {
  keep: () => Promise.resolve(),
  close: () => Promise.resolve(),
});
