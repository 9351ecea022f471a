/** Mobizon's modules and methods, and what they share. Names are matched in any letter case. */
import type { ProviderRequest, World } from '../../world/provider.ts';
import type { Account } from '../store/account.ts';
import { addRecipients } from './add-recipients.ts';
import {
  createCampaign,
  deleteCampaign,
  getCampaignInfo,
  listCampaigns,
  sendCampaign,
} from './campaigns.ts';
import type { MobizonResult } from './envelope.ts';
import type { Params } from './form.ts';
import { getSmsStatus, listMessages, sendSmsMessage } from './messages.ts';
import { formatMoney } from '../store/segments.ts';
import type { MobizonSettings } from '../lifecycle/settings.ts';
import { getTaskStatus, type Tasks } from './tasks.ts';

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

/** module -> method -> code, all in lower case. */
export const modules: Record<string, Record<string, Method>> = {
  message: {
    sendsmsmessage: sendSmsMessage,
    list: listMessages,
    getsmsstatus: getSmsStatus,
  },
  campaign: {
    create: createCampaign,
    addrecipients: addRecipients,
    send: sendCampaign,
    getinfo: getCampaignInfo,
    list: listCampaigns,
    delete: deleteCampaign,
  },
  user: {
    getownbalance: (_params, { account }) => ({
      code: 0,
      data: { balance: formatMoney(account.balance()), currency: 'KZT' },
    }),
  },
  taskqueue: { getstatus: getTaskStatus },
};
