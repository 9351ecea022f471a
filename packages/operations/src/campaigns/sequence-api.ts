/** The part of mailer-batch's API that is about sequences. All throw CampaignError. */
import type { SequenceDefinition } from '@leadwire/shared/contract/sequences';
import { z } from 'zod';
import {
  sequencePersonViewSchema,
  sequenceViewSchema,
  type SequenceView,
} from './sequence-view.ts';

/** How the API is asked; answers are JSON. */
export interface Asking {
  json: (path: string) => Promise<unknown>;
  post: (path: string, body?: unknown) => Promise<unknown>;
  send: (method: 'PUT', path: string, body: object) => Promise<unknown>;
  remove: (path: string) => Promise<unknown>;
}

const one = z.object({ sequence: sequenceViewSchema });

/** As `z.input` of the schema: what is left out has its default. */
export type NewSequenceDefinition = Omit<SequenceDefinition, 'stopOnClick'> &
  Partial<Pick<SequenceDefinition, 'stopOnClick'>>;

export function sequenceApi({ json, post, send, remove }: Asking) {
  const list = async () =>
    z.object({ sequences: z.array(sequenceViewSchema) }).parse(await json('/api/sequences'))
      .sequences;
  return {
    list,
    /** By its name, in any case, or its id; undefined when there is none. */
    find: async (nameOrId: string) => {
      const wanted = nameOrId.trim().toLowerCase();
      return (await list()).find(({ id, name }) => id === wanted || name.toLowerCase() === wanted);
    },
    /** With the newest of its people. */
    get: async (id: string) =>
      one
        .extend({ people: z.array(sequencePersonViewSchema) })
        .parse(await json(`/api/sequences/${id}`)),
    /** `known`: the one that is changed, as it was read. */
    save: async (
      definition: NewSequenceDefinition,
      known?: Pick<SequenceView, 'id' | 'changedAt'>,
    ) => {
      const answer = known
        ? send('PUT', `/api/sequences/${known.id}`, { ...definition, changedAt: known.changedAt })
        : post('/api/sequences', definition);
      return one.parse(await answer).sequence;
    },
    turn: async (id: string, to: 'on' | 'off') =>
      one.parse(await post(`/api/sequences/${id}/${to}`)).sequence,
    /** One that is off; answers whether its history is kept, because somebody was in it. */
    remove: async (id: string) =>
      z.object({ kept: z.boolean() }).parse(await remove(`/api/sequences/${id}`)).kept,
    /** Takes somebody out of one, or of all; answers out of how many. */
    stop: async (contact: string, id?: string) => {
      const path = id === undefined ? '/api/sequences/stop' : `/api/sequences/${id}/stop`;
      return z.object({ stopped: z.number() }).parse(await post(path, { contact })).stopped;
    },
  };
}
