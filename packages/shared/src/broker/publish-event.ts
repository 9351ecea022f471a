/** Publishing an event where it belongs: nobody puts an event and a subject together by hand. */
import { routeOf, type RoutedEvents } from '../contract/event-routes.ts';
import { makeEvent, type EventOf } from '../contract/events.ts';
import { newId } from '../contract/ids.ts';
import type { Bus, PublishOptions, Published } from './bus.ts';

export type PublishPorts = Pick<Bus, 'name' | 'publish'>;

export interface EventOptions extends Omit<PublishOptions, 'onceUnder'> {
  /** For a fact that may be told twice and has to stay one event. A new one without it. */
  id?: string;
}

/**
 * Tells a fact. What happens once for good is stored once (`stored` says whether this was the first time).
 * @throws TransientError when the broker did not confirm it; it may be stored all the same.
 */
export function publishEvent<T extends RoutedEvents>(
  bus: PublishPorts,
  type: T,
  data: EventOf<T>['data'],
  { id, ...options }: EventOptions = {},
): Promise<Published> {
  return publishMade(bus, newEvent(bus.name, type, data, id), options);
}

/** An event that is made before it can be published: kept in a file, or counted among others first. */
export function newEvent<T extends RoutedEvents>(
  source: string,
  type: T,
  data: EventOf<T>['data'],
  id = newId(),
): EventOf<T> {
  return makeEvent(type, { source, subject: routeOf(type).about(data, id), data, id });
}

/** As `publishEvent`, for one that is made already. `onceUnder` holds where the table says nothing. */
export function publishMade<T extends RoutedEvents>(
  bus: Pick<Bus, 'publish'>,
  event: EventOf<T>,
  options: PublishOptions = {},
): Promise<Published> {
  const { subject, onceUnder } = routeOf(event.type as T);
  const once = onceUnder?.(event) ?? options.onceUnder;
  return bus.publish(subject(event), event, {
    ...options,
    ...(once !== undefined && { onceUnder: once }),
  });
}
