/** A refusal of Auth, in the shape in which hosted Supabase says it and supabase-js reads it. */
export class AuthApiError extends Error {
  override readonly name = 'AuthApiError';
  readonly status: number;
  readonly code: string;

  /** @param code one of https://supabase.com/docs/guides/auth/debugging/error-codes */
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  toResponse(): Response {
    const { status, code, message } = this;
    return Response.json({ code: status, error_code: code, msg: message }, { status });
  }
}
