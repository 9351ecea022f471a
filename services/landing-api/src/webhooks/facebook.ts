/** Facebook's lead forms, when they are configured. */
import type { Env } from '../env.ts';
import { createFacebookGraph } from './facebook-graph.ts';
import { createFacebookLeads, type FacebookLeads, type FacebookPorts } from './facebook-leads.ts';

type FacebookEnv = Pick<
  Env,
  'FACEBOOK_APP_SECRET' | 'FACEBOOK_VERIFY_TOKEN' | 'FACEBOOK_PAGE_TOKEN' | 'FACEBOOK_BASE_URL'
>;

/** Undefined without its three variables. */
export function connectFacebook(
  env: FacebookEnv,
  ports: Omit<FacebookPorts, 'graph'>,
): FacebookLeads | undefined {
  const { FACEBOOK_APP_SECRET: appSecret, FACEBOOK_PAGE_TOKEN: pageToken } = env;
  const { FACEBOOK_VERIFY_TOKEN: verifyToken, FACEBOOK_BASE_URL: baseUrl } = env;
  const isComplete = [appSecret, pageToken, verifyToken].every((each) => each !== undefined);
  if (!isComplete || appSecret === undefined || pageToken === undefined) return undefined;
  return createFacebookLeads({
    ...ports,
    graph: createFacebookGraph({ baseUrl, pageToken, appSecret }),
  });
}
