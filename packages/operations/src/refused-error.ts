/**
 * Something was refused, and nothing was changed. Each room has a kind of its own. The message is for a terminal; a
 * page chooses its words by `problem`, which is one token.
 */
export class RefusedError<Problem extends string = string> extends Error {
  override readonly name: string = 'RefusedError';
  readonly problem: Problem;

  constructor(problem: Problem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}
