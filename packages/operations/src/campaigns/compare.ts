/** What a campaign came to, measure by measure, so that two of them can stand side by side. */
import type { CampaignSummary, CampaignView } from './campaign-view.ts';

export const measureNames = [
  'sent',
  'delivered',
  'bounced',
  'opened',
  'clicked',
  'unsubscribed',
  'complained',
  'sales',
  'revenue',
  'cost',
] as const;
export type MeasureName = (typeof measureNames)[number];

export interface Measure {
  name: MeasureName;
  /** People, sales, or tenge; null where nobody knows. */
  value: number | null;
  /** Of those it is measured against: the list, the copies that went out, those that arrived. From 0 to 1. */
  share: number | null;
}

export interface CampaignResult {
  campaign: CampaignView;
  summary: CampaignSummary;
}

/** In the order of `measureNames`. Opens are known of mails alone, costs of SMS alone. */
export function measuresOf({ campaign, summary }: CampaignResult): Measure[] {
  const { counts, channel } = campaign;
  const { sales, unsubscribed, cost } = summary;
  const values: Readonly<Record<MeasureName, readonly [value: number | null, of: number]>> = {
    sent: [counts.sent, counts.audience],
    delivered: [counts.delivered, counts.sent],
    bounced: [counts.bounced, counts.sent],
    opened: [channel === 'email' ? counts.opened : null, counts.delivered],
    clicked: [counts.clicked, counts.delivered],
    unsubscribed: [unsubscribed, counts.delivered],
    complained: [counts.complained, counts.delivered],
    sales: [sales.count, counts.delivered],
    revenue: [sales.amount, 0],
    cost: [cost, 0],
  };
  return measureNames.map((name) => {
    const [value, of] = values[name];
    return { name, value, share: value === null || of === 0 ? null : value / of };
  });
}

/** Where two shares of measures differ: by how many percentage points, the second less the first. */
export function pointsBetween(first: Measure, second: Measure): number | null {
  if (first.share === null || second.share === null) return null;
  return (second.share - first.share) * 100;
}
