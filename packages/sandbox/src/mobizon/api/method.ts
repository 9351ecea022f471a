/** What each of Mobizon's methods gets, and what the methods share. */
import type { ProviderRequest, World } from '../../world/provider.ts';
import type { MobizonSettings } from '../lifecycle/settings.ts';
import type { Account } from '../store/account.ts';
import type { MobizonResult } from './envelope.ts';
import type { Params } from './form.ts';

/** The background tasks, as far as methods start and ask for them. */
export type Tasks = {
  /** Starts `work` and answers code 100 with the task's id. */
  start(ms: number, work: () => void): MobizonResult;
  status(id: string): { progress: number; status: number } | undefined;
};

export type MobizonParts = {
  world: World;
  settings: () => MobizonSettings;
  account: Account;
  tasks: Tasks;
  /** Campaigns that a call is changing at this moment. */
  locked: Set<string>;
};

/** One method: `request` is there for the fault points only. */
export type Method = (
  params: Params,
  parts: MobizonParts,
  request: ProviderRequest,
) => MobizonResult | Promise<MobizonResult>;
