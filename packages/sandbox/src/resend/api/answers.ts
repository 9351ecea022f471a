import type { ProviderAnswer } from '../../world/provider.ts';

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** A refusal as Resend words it; thrown by whatever finds the fault, answered in one place. */
export class ResendError extends Error {
  override readonly name = 'ResendError';
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** 200 with a JSON body. */
export function done(body: unknown): ProviderAnswer {
  return { status: 200, headers: { ...JSON_TYPE }, body: JSON.stringify(body), accepted: true };
}

/** The error body, its keys in the order that Resend's recorded answers have. */
export function refused(error: ResendError): ProviderAnswer {
  const body = { statusCode: error.status, message: error.message, name: error.code };
  return {
    status: error.status,
    headers: { ...JSON_TYPE, ...error.headers },
    body: JSON.stringify(body),
    accepted: false,
  };
}

const FAILURES: Record<number, [code: string, message: string]> = {
  413: ['validation_error', 'The request body is too large.'],
  500: ['internal_server_error', 'An unexpected error occurred.'],
  502: ['application_error', 'Bad gateway.'],
  503: ['service_unavailable', 'The service is temporarily unavailable.'],
  504: ['gateway_timeout', 'The request took too long.'],
};

/** Resend's own breakdown in its own words. */
export function failure(status: number): ProviderAnswer {
  const [code, message] = FAILURES[status] ?? [
    'application_error',
    'An unexpected error occurred.',
  ];
  return refused(new ResendError(status, code, message));
}
