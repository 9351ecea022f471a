/** Mobizon's modules and methods. Names are matched in any letter case. */
import { addRecipients } from './add-recipients.ts';
import {
  createCampaign,
  deleteCampaign,
  getCampaignInfo,
  listCampaigns,
  sendCampaign,
} from './campaigns.ts';
import type { Method } from './method.ts';
import { getSmsStatus, listMessages, sendSmsMessage } from './messages.ts';
import { formatMoney } from '../store/segments.ts';
import { getTaskStatus } from './tasks.ts';

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
