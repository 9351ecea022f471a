/**
 * The `nats` client (2.29.3, `nats-base-client/request.js`) ends each request that was answered as if it were called off: it
 * makes an error with its stack, which nobody ever sees. A due mail has ten requests, and a sixteenth of the notifier's
 * time went into that. Imported by connection.ts for this effect.
 */
import { RequestOne } from 'nats/lib/nats-base-client/request.js';

RequestOne.prototype.resolver = function (this: RequestOne, error, message): void {
  this.timer.cancel();
  if (error) this.deferred.reject(error);
  else this.deferred.resolve(message);
  this.mux.cancel(this);
};
