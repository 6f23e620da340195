/**
 * A business refusal: returned as data by a decision, never thrown. `rule` is a stable, sentence-like code
 * (`basket-is-empty`); `detail` says it to a person. Over HTTP it is a 409 problem (404 for `not-found`), in answer to
 * a command a refused reply. Whatever the transaction wrote before the refusal is rolled back.
 */
export class Refusal {
  readonly rule: string;
  readonly detail: string;

  constructor(rule: string, detail: string) {
    this.rule = rule;
    this.detail = detail;
  }
}

/** `return refuse("basket-is-empty", "The basket holds no items.")` */
export function refuse(rule: string, detail: string): Refusal {
  return new Refusal(rule, detail);
}

/** Refuses because a thing that the request names does not exist: over HTTP a 404. */
export function notFound(what: string, id: string): Refusal {
  return new Refusal("not-found", `There is no ${what} ${id}.`);
}

/** Whether a decision's result is a refusal. */
export function isRefusal(value: unknown): value is Refusal {
  return value instanceof Refusal;
}
