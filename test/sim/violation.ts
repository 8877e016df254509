// What a checker throws: a promise that was broken, named as in the list of invariants.

export class Violation extends Error {
  override name = 'Violation';
  /** P1 to P16 of the protocol, C1 to C15 of what clients see. */
  readonly rule: string;

  constructor(rule: string, what: string) {
    super(`${rule}: ${what}`);
    this.rule = rule;
  }
}

export function demand(condition: boolean, rule: string, what: () => string): void {
  if (!condition) throw new Violation(rule, what());
}
