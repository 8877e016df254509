// Ends the process on a broken invariant: an assertion that fails must never be limped past.

class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Throws AssertionError when `condition` is false; nothing below the server layer catches it. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
