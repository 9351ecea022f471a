/**
 * What this process knows of the leads it took lately: how a repeat is recognised while the broker,
 * which knows it better, does not answer.
 */
import { isDoubleClick, type LeadFact } from './lead-fact.ts';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';

/** The oldest make room, so that memory stays bounded (about 10 MB). More than two minutes' worth. */
const MOST = 50_000;

export interface RecentLeads {
  /** The lead was stored, by whichever disk. */
  remember(lead: RecentLead): void;
  /** Without a key: the id of an equal submission received within two minutes of this one. */
  findDoubleClick(fact: LeadFact): string | undefined;
  /** With a key: the content hash of what was taken under it. */
  findContent(leadId: string): string | undefined;
}

interface RecentLead {
  leadId: string;
  contentHash: string;
  isKeyed: boolean;
  /** In milliseconds since 1970. */
  receivedAt: number;
}

/** Starts with the given ones, the newest last. */
export function createRecentLeads(known: Iterable<RecentLead>): RecentLeads {
  /** By what recognises it: the id that follows from the key, or the content. */
  const leads = new Map<string, RecentLead>();

  const remember = (lead: RecentLead): void => {
    const identity = lead.isKeyed ? lead.leadId : lead.contentHash;
    // The map keeps the order of insertion: taken out first, a repeated one is the newest again.
    leads.delete(identity);
    leads.set(identity, lead);
    dropOldest(leads, MOST);
  };
  for (const lead of known) remember(lead);

  return {
    remember,
    findDoubleClick({ contentHash, event }) {
      const found = leads.get(contentHash);
      if (!found || !isDoubleClick(found.receivedAt, Date.parse(event.data.receivedAt))) return;
      return found.leadId;
    },
    findContent: (leadId) => leads.get(leadId)?.contentHash,
  };
}
