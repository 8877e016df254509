// The course of a run: warm-up, the measured time, the end; and the first thing that goes wrong.
import { BenchFailure, Exit } from './failure.ts';
import type { Recorder } from './recorder.ts';

/** Told the share that is done, 0 to 1, a few times a second. */
export type Progress = (share: number) => void;

export interface ClockOptions {
  readonly warmUpMs: number;
  readonly durationMs: number;
  readonly recorder: Recorder;
  readonly progress: Progress;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}

const PROGRESS_MS = 200;

export class Clock {
  isOver = false;
  #error: Error | null = null;
  readonly #options: ClockOptions;
  #fail: (error: Error) => void = () => {};

  constructor(options: ClockOptions) {
    this.#options = options;
  }

  /** Ends the run with an error; the first one counts. */
  fail(error: Error): void {
    this.isOver = true;
    this.#error ??= error;
    this.#fail(this.#error);
  }

  /** Settles when the measured time is over, rejects at the first failure or on Ctrl-C. */
  async run(): Promise<void> {
    const { warmUpMs, durationMs, recorder, progress, signal } = this.#options;
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    const stopped = () => this.fail(new BenchFailure('interrupted', Exit.interrupted));
    signal.addEventListener('abort', stopped);
    if (signal.aborted) stopped();
    if (this.#error !== null) this.#fail(this.#error);
    const begun = performance.now();
    const total = warmUpMs + durationMs;
    const ticker = setInterval(() => progress((performance.now() - begun) / total), PROGRESS_MS);
    try {
      await Promise.race([failed, this.#after(warmUpMs)]);
      recorder.start();
      await Promise.race([failed, this.#after(durationMs)]);
    } finally {
      recorder.stop();
      this.isOver = true;
      clearInterval(ticker);
      signal.removeEventListener('abort', stopped);
    }
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      const stop = this.#fail;
      this.#fail = (error) => {
        clearTimeout(timer);
        stop(error);
      };
    });
  }
}
