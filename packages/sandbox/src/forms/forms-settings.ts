/** Where the forms page finds landing-api. */
export type FormsSettings = {
  /** Where this process reaches landing-api, without a trailing slash. */
  apiUrl?: string | undefined;
  /** Where a browser reaches it; the same when left out. */
  publicApiUrl?: string | undefined;
  /** landing-api's ADMIN_TOKEN. */
  adminToken?: string | undefined;
};
