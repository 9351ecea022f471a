/** Where the forms page finds landing-api. */
export type FormsSettings = {
  /** Where this process reaches landing-api, without a trailing slash. */
  apiUrl?: string | undefined;
  /** Where a browser reaches it; the same when left out. */
  publicApiUrl?: string | undefined;
  /** A token of landing-api with the scope status. */
  statusToken?: string | undefined;
};
