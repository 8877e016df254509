// What ends a benchmark early: a wrong reply, a lost connection, a server that is not there.

export const Exit = { ok: 0, failed: 1, usage: 2, noConnection: 3, interrupted: 130 } as const;

/** Expected by the user of the program: one line and an exit status. */
export class BenchFailure extends Error {
  override name = 'BenchFailure';
  readonly exit: number;

  constructor(message: string, exit: number = Exit.failed) {
    super(message);
    this.exit = exit;
  }
}

/** The server's answer is not what the request was for. */
export const wrongReply = (what: string): BenchFailure => new BenchFailure(`wrong reply: ${what}`);
