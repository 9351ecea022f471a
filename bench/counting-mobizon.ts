/**
 * Mobizon's way of sending to many (draft, numbers, send), and of asking what became of it, as far as a benchmark needs it:
 * it counts, and keeps no texts.
 */
interface Draft {
  /** Number -> the id of its message. */
  messages: Map<string, string>;
  isSent: boolean;
}

/** Codes of Mobizon's envelope: done, no such thing, no such method, not in this state, too often. */
const [DONE, MISSING, UNKNOWN_METHOD, WRONG_STATE, TOO_OFTEN] = [0, 2, 5, 10, 30];
/** A number's own code. */
const ADDED_BEFORE = 4;

/**
 * Answers one call with its envelope as JSON.
 * @param path `/service/campaign/send`, `/service/message/list`
 */
export type AnswerMobizon = (path: string, form: URLSearchParams, isTooOften: boolean) => string;

/** @param sendTo is told every number that an SMS goes to, once for each SMS */
export function createCountingMobizon(sendTo: (number: string) => void): AnswerMobizon {
  const drafts = new Map<string, Draft>();
  let lastId = 0;
  const newId = () => String((lastId += 1));

  const add = ({ messages, isSent }: Draft, form: URLSearchParams) => {
    if (isSent) return { code: WRONG_STATE, data: null };
    const given = [...form].filter(([name]) => /^recipients\[\d+\](\[recipient\])?$/.test(name));
    const data = given.map(([, recipient]) => {
      if (messages.has(recipient)) return { recipient, code: ADDED_BEFORE };
      const messageId = newId();
      messages.set(recipient, messageId);
      return { recipient, code: DONE, messageId };
    });
    return { code: DONE, data };
  };

  const send = (draft: Draft) => {
    if (draft.isSent) return { code: WRONG_STATE, data: null };
    draft.isSent = true;
    for (const number of draft.messages.keys()) sendTo(number);
    return { code: DONE, data: 2 };
  };

  const getInfo = ({ messages, isSent }: Draft) => {
    const counters = { totalMsgNum: messages.size };
    return { code: DONE, data: { commonStatus: isSent ? 'DONE' : 'NEW', counters } };
  };

  const list = ({ messages }: Draft, form: URLSearchParams) => {
    const size = Number(form.get('pagination[pageSize]'));
    const from = size * Number(form.get('pagination[currentPage]'));
    const items = [...messages].map(([to, id]) => ({ to, id })).slice(from, from + size);
    return { code: DONE, data: { items } };
  };

  const answer = (path: string, form: URLSearchParams) => {
    if (path === 'campaign/create') {
      const id = newId();
      drafts.set(id, { messages: new Map(), isSent: false });
      return { code: DONE, data: id };
    }
    const id = form.get('id') ?? form.get('criteria[campaignIds][0]') ?? '';
    const draft = drafts.get(id);
    if (!draft) return { code: MISSING, data: null };
    if (path === 'campaign/addRecipients') return add(draft, form);
    if (path === 'campaign/send') return send(draft);
    if (path === 'campaign/getInfo') return getInfo(draft);
    if (path === 'message/list') return list(draft, form);
    if (path !== 'campaign/delete') return { code: UNKNOWN_METHOD, data: null };
    drafts.delete(id);
    return { code: DONE, data: null };
  };

  return (path, form, isTooOften) =>
    JSON.stringify(
      isTooOften ? { code: TOO_OFTEN, data: null } : answer(path.replace('/service/', ''), form),
    );
}
