/** Asks landing-api for a lead's status on behalf of the forms page. */
import type { FormsSettings } from './forms-settings.ts';

/** It answers in milliseconds; longer means that it hangs, and the page asks again anyway. */
const TIMEOUT_MS = 5_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type StatusAnswer = { status: number; body: unknown };

/**
 * landing-api's own answer, or one in the same shape: 400 for what is no lead id (it becomes part of an address),
 * 503 where the settings are missing, 502 when landing-api cannot be asked or refuses the token. Never throws.
 */
export async function askStatus(
  { apiUrl, statusToken }: FormsSettings,
  leadId: string,
): Promise<StatusAnswer> {
  if (!UUID.test(leadId)) return problem(400, 'expected the id of a lead');
  if (apiUrl === undefined || statusToken === undefined) {
    return problem(503, 'the sandbox was started without LANDING_API_URL or STATUS_TOKEN');
  }
  try {
    const response = await fetch(`${apiUrl}/api/landing/leads/${leadId}/status`, {
      headers: { authorization: `Bearer ${statusToken}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body: unknown = await response.json();
    if (![401, 403].includes(response.status)) return { status: response.status, body };
    return problem(502, 'landing-api does not take the STATUS_TOKEN of the sandbox');
  } catch {
    return problem(502, 'landing-api does not answer');
  }
}

function problem(status: number, error: string): StatusAnswer {
  return { status, body: { success: false, error, issues: [] } };
}
