/** One call as it arrived; what came of it is in the effects. */
export type RequestRecord = {
  sequence: number;
  provider: string;
  method: string;
  /** Path and query below the provider's prefix, without the account's key. */
  path: string;
  /** Virtual milliseconds since 1970. */
  at: number;
  idempotencyKey: string | null;
  body: string;
  /** The HTTP status that was answered, or null while the call is open or after it was cut. */
  status: number | null;
  /** The fault rule that fired on this call. */
  faultId: string | null;
};

export type RequestLog = {
  open(record: Omit<RequestRecord, 'sequence' | 'status' | 'faultId'>): RequestRecord;
  list(provider?: string): RequestRecord[];
  clear(): void;
};

/** Enough for a load test; the oldest calls go first. */
const KEPT_REQUESTS = 20_000;
/** Attachments would fill the memory; nobody reads more than this of a body. */
const KEPT_BODY_CHARACTERS = 20_000;

/** The log of calls, in memory only: a restart empties it, the effects stay. */
export function createRequestLog(): RequestLog {
  let records: RequestRecord[] = [];
  let sequence = 0;
  return {
    open: (opened) => {
      const record: RequestRecord = {
        ...opened,
        path: withoutKey(opened.path),
        body: withoutKey(opened.body.slice(0, KEPT_BODY_CHARACTERS)),
        sequence: ++sequence,
        status: null,
        faultId: null,
      };
      records.push(record);
      if (records.length > KEPT_REQUESTS * 1.1) records = records.slice(-KEPT_REQUESTS);
      return record;
    },
    list: (provider) =>
      records.filter((each) => provider === undefined || each.provider === provider),
    clear: () => {
      records = [];
      sequence = 0;
    },
  };
}

function withoutKey(text: string): string {
  return text.replace(/apiKey=[^&]*/gi, 'apiKey=…').replace(/(\/bot\d+(?::|%3A))[^/]*/gi, '$1…');
}
