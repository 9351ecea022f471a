/** Russian words beside a number. */

const plural = new Intl.PluralRules('ru');

/** Of `заявка`, `заявки`, `заявок` the one that goes with 1, with 2, with 5 and with 12. */
export function formOf(count: number, [one, few, many]: readonly [string, string, string]): string {
  const form = plural.select(count);
  return form === 'one' ? one : form === 'few' ? few : many;
}
