/** The part of the control client that works in AmoCRM: as its manager, its administrator and its support. */
import type { AccountPipeline } from './store/account.ts';
import type { EntityType, Task } from './store/records.ts';
import type { AmocrmOptions, AmocrmSettings, Status } from './lifecycle/settings.ts';
import type { TokenPair } from './store/tokens.ts';
import type { ContactView, LeadView, NoteView } from './pages/views.ts';
import type { ApiHook } from './lifecycle/webhooks.ts';

type Call = <Result>(method: string, path: string, body?: unknown) => Promise<Result>;

type NewContact = {
  name?: string;
  phones?: string[];
  emails?: string[];
  /** By code, name or id. */
  fields?: Record<string, string | string[]>;
};

type NewLead = {
  name?: string;
  price?: number;
  pipelineId?: number;
  statusId?: number;
  contactIds?: number[];
  responsibleUserId?: number;
  fields?: Record<string, string | string[]>;
};

type Limits = { blocked: boolean; excesses: number };

/** Everything under `control.amocrm`. */
export function amocrmControl(call: Call) {
  const at = <Result>(method: string, path: string, body?: unknown) =>
    call<Result>(method, `/amocrm${path}`, body);
  return {
    settings: () => at<AmocrmSettings>('GET', '/settings'),
    /** Changes some settings, webhooks included; they last until reset. */
    set: (patch: AmocrmOptions) => at<AmocrmSettings>('PATCH', '/settings', patch),
    ...reading(at),
    ...managing(at),
    ...access(at),
    ...administration(at),
  };
}

function reading(at: Call) {
  return {
    /** All deals, deleted ones included, oldest first. */
    leads: async () => (await at<{ leads: LeadView[] }>('GET', '/leads')).leads,
    /** All contacts, deleted ones included, oldest first. */
    contacts: async () => (await at<{ contacts: ContactView[] }>('GET', '/contacts')).contacts,
    /** All notes, or those of one deal or contact. */
    notes: async (entityId?: number) =>
      (await at<{ notes: NoteView[] }>('GET', '/notes')).notes.filter(
        (note) => entityId === undefined || note.entityId === entityId,
      ),
    /** What managers have to do about deals. */
    tasks: async () => (await at<{ tasks: Task[] }>('GET', '/tasks')).tasks,
    pipelines: async () =>
      (await at<{ pipelines: (AccountPipeline & { statuses: Status[] })[] }>('GET', '/pipelines'))
        .pipelines,
    /** Hooks made through the API, and addresses of the settings that were switched off for their failures. */
    hooks: () =>
      at<{ hooks: (ApiHook & { disabled: boolean })[]; disabled: string[] }>('GET', '/hooks'),
  };
}

function managing(at: Call) {
  return {
    /** A contact that was there before us; the search knows it at once. */
    addContact: (contact: NewContact) => at<ContactView>('POST', '/contacts', contact),
    deleteContact: (id: number) => at<{ deleted: true }>('DELETE', `/contacts/${id}`),
    /** A deal that a manager made; its responsible is the one who makes it. */
    addLead: (lead: NewLead) => at<LeadView>('POST', '/leads', lead),
    /** A manager drags the deal to another stage. */
    moveLead: (id: number, statusId: number, more: { pipelineId?: number; userId?: number } = {}) =>
      at<LeadView>('POST', `/leads/${id}/move`, { statusId, ...more }),
    changeLead: (
      id: number,
      patch: { name?: string; price?: number; responsibleUserId?: number },
    ) => at<LeadView>('PATCH', `/leads/${id}`, patch),
    deleteLead: (id: number) => at<LeadView>('DELETE', `/leads/${id}`),
    restoreLead: (id: number) => at<LeadView>('POST', `/leads/${id}/restore`, {}),
  };
}

function access(at: Call) {
  return {
    /** A code as the consent page hands it out. */
    issueCode: async () => (await at<{ code: string }>('POST', '/codes', {})).code,
    /** A good pair without the code. */
    issueTokens: () => at<TokenPair>('POST', '/tokens', {}),
    /** Every pair stops working; with `longLived` those tokens too. */
    revokeTokens: (options: { longLived?: boolean } = {}) =>
      at<{ ok: true }>('POST', '/tokens/revoke', options),
    /** The 403 page for everything, as after too many 429s. */
    block: () => at<Limits>('POST', '/block', {}),
    unblock: () => at<Limits>('POST', '/unblock', {}),
    limits: () => at<Limits>('GET', '/limits'),
  };
}

function administration(at: Call) {
  return {
    /** By id or code. Values of a deleted field are not shown any more. */
    deleteField: (entity: EntityType, idOrCode: number | string) =>
      at<{ deleted: true }>('DELETE', `/fields/${entity}/${idOrCode}`),
    /** Its deals go to the first stage. */
    deleteStatus: (pipelineId: number, statusId: number) =>
      at<{ deleted: true; moved: number }>(
        'DELETE',
        `/pipelines/${pipelineId}/statuses/${statusId}`,
      ),
    archivePipeline: (id: number, archived = true) =>
      at<{ archived: boolean }>('POST', `/pipelines/${id}/archive`, { archived }),
    /** Saves the hooks anew, which is how disabled ones come back. */
    enableHooks: () => at<{ ok: true }>('POST', '/hooks/enable', {}),
  };
}
