/**
 * A template or its data is not as it must be. The message names the template or the file, the variable and the
 * problem, and carries nothing of what a lead typed. Trying again with the same input gives the same error.
 */
export class TemplateError extends Error {
  override name = 'TemplateError';
}
