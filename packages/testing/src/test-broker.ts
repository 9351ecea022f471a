/** A broker that a test may kill and start again. */
export interface TestBroker {
  url: string;
  /** Of the process that runs now; a container has none here. */
  pid?(): number | undefined;
  /** Where it keeps its streams; undefined in a container. */
  storeDir?: string;
  /** Stops it the hard way; what it had acknowledged stays on disk. */
  kill(): Promise<void>;
  /** Starts it again on the same port and the same storage. */
  start(): Promise<void>;
  /** Ends it and removes its storage. */
  close(): Promise<void>;
}
