// The terminal device: its streams, bracketed paste, and raw mode given back while we are stopped.
import type { ReadStream, WriteStream } from 'node:tty';

export interface TerminalStreams {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Bracketed paste: the terminal marks where pasted text begins and ends. */
const pasteOn = '\x1b[?2004h';
const pasteOff = '\x1b[?2004l';

export class TtyModes {
  readonly #stdin: ReadStream;
  readonly #stdout: WriteStream;
  #isSuspending = false;

  constructor(stdin: ReadStream, stdout: WriteStream) {
    this.#stdin = stdin;
    this.#stdout = stdout;
  }

  /** Raw mode itself is readline's. */
  begin(): void {
    this.#stdout.write(pasteOn);
  }

  end(): void {
    this.#stdout.write(pasteOff);
  }

  /** Stops the process, as Ctrl-Z does without raw mode; `onContinue` runs when it goes on. */
  suspend(onContinue: () => void): void {
    this.end();
    this.#stdin.setRawMode(false);
    this.#isSuspending = true;
    process.kill(process.pid, 'SIGTSTP');
    // Runs once continued; at once where nothing can stop us, as the first process of a session.
    setImmediate(() => {
      this.#isSuspending = false;
      if (this.takeBack()) onContinue();
    });
  }

  /** After SIGCONT, for others have set it up for themselves. False when `suspend` sees to it. */
  takeBack(): boolean {
    if (this.#isSuspending) return false;
    // Node sets a mode only when it believes in another one.
    this.#stdin.setRawMode(false);
    this.#stdin.setRawMode(true);
    this.begin();
    return true;
  }
}
