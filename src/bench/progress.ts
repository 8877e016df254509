// A bar on stderr while a benchmark runs: only at a terminal, and only after a second of work.
import { SingleBar } from 'cli-progress';

const SHOWN_AFTER_MS = 1000;

export interface Bar {
  /** `done` from 0 to 1 of the step that `label` names. */
  show(label: string, done: number): void;
  stop(): void;
}

const silent: Bar = { show() {}, stop() {} };

export function progressBar(stream: NodeJS.WriteStream = process.stderr): Bar {
  if (!stream.isTTY) return silent;
  const format = '{label} [{bar}] {percentage}%';
  const bar = new SingleBar({ format, stream, clearOnComplete: true, hideCursor: true });
  const begun = performance.now();
  let isShown = false;
  return {
    show(label, done) {
      if (performance.now() - begun < SHOWN_AFTER_MS) return;
      if (!isShown) bar.start(100, 0, { label });
      isShown = true;
      bar.update(Math.min(Math.round(done * 100), 100), { label });
    },
    stop() {
      if (isShown) bar.stop();
    },
  };
}
