/** Mobizon's way of sending to many (draft, numbers, send) as far as a benchmark needs it: it counts, and keeps no texts. */
interface Draft {
  numbers: string[];
  isSent: boolean;
}

/** Codes of Mobizon's envelope: done, no such thing, not in this state, too often. */
const [DONE, MISSING, WRONG_STATE, TOO_OFTEN] = [0, 2, 10, 30];

/**
 * Answers one call with its envelope as JSON.
 * @param path `/service/campaign/send`
 */
export type AnswerMobizon = (path: string, form: URLSearchParams, isTooOften: boolean) => string;

/** @param sendTo is told every number that an SMS goes to, once for each SMS */
export function createCountingMobizon(sendTo: (number: string) => void): AnswerMobizon {
  const drafts = new Map<string, Draft>();
  let lastId = 0;
  const newId = () => String((lastId += 1));

  const add = ({ numbers, isSent }: Draft, form: URLSearchParams) => {
    if (isSent) return { code: WRONG_STATE, data: null };
    const given = [...form].filter(([name]) => /^recipients\[\d+\](\[recipient\])?$/.test(name));
    numbers.push(...given.map(([, number]) => number));
    const data = given.map(([, recipient]) => ({ recipient, code: DONE, messageId: newId() }));
    return { code: DONE, data };
  };

  const send = (draft: Draft) => {
    if (draft.isSent) return { code: WRONG_STATE, data: null };
    draft.isSent = true;
    for (const number of draft.numbers) sendTo(number);
    return { code: DONE, data: 2 };
  };

  const answer = (method: string, form: URLSearchParams) => {
    if (method === 'create') {
      const id = newId();
      drafts.set(id, { numbers: [], isSent: false });
      return { code: DONE, data: id };
    }
    const draft = drafts.get(form.get('id') ?? '');
    if (method === 'addRecipients' && draft) return add(draft, form);
    if (method === 'send' && draft) return send(draft);
    return { code: MISSING, data: null };
  };

  return (path, form, isTooOften) =>
    JSON.stringify(
      isTooOften ? { code: TOO_OFTEN, data: null } : answer(path.split('/').at(-1) ?? '', form),
    );
}
