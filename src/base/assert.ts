// Ends the process on a broken invariant: an assertion that fails must never be limped past.

class AssertionError extends Error {
  override name = 'AssertionError';
}

/**
 * Throws AssertionError when `condition` is false; nothing below the server layer catches it.
 * On a hot path pass the message as a function: a text with values in it costs more than the check.
 */
export function assert(condition: boolean, message: string | (() => string)): asserts condition {
  if (condition) return;
  throw new AssertionError(typeof message === 'string' ? message : message());
}
