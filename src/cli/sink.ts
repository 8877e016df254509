// Where text goes: a stream that knows whether people look at it, how wide it is and what colours it takes.
import { Chalk, type ChalkInstance, type ColorSupportLevel } from 'chalk';

export interface Sink {
  readonly isTerminal: boolean;
  readonly columns: number;
  /** Colours at the level of this very stream; plain when it is not a terminal. */
  readonly style: ChalkInstance;
  line(text: string): void;
  write(data: string | Uint8Array): void;
  /** Settles when the stream takes more: a script of many lines must not fill the memory. */
  drained(): Promise<void>;
}

/** Node's getColorDepth honours NO_COLOR, FORCE_COLOR and TERM; chalk's own detection misses the first. */
function colorLevel(stream: NodeJS.WriteStream): ColorSupportLevel {
  if (!stream.isTTY || process.env['TERM'] === 'dumb') return 0;
  const depth = stream.getColorDepth();
  if (depth >= 24) return 3;
  if (depth >= 8) return 2;
  return depth >= 4 ? 1 : 0;
}

export function streamSink(stream: NodeJS.WriteStream): Sink {
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.columns ?? 80;
    },
    style: new Chalk({ level: colorLevel(stream) }),
    line(text) {
      stream.write(`${text}\n`);
    },
    write(data) {
      stream.write(data);
    },
    drained() {
      if (!stream.writableNeedDrain) return Promise.resolve();
      return new Promise((resolve) => {
        stream.once('drain', resolve);
        stream.once('close', resolve);
      });
    },
  };
}

/** Keeps what is written: for tests, and for whoever embeds the shell. */
export class MemorySink implements Sink {
  readonly isTerminal: boolean;
  readonly columns = 80;
  readonly style = new Chalk({ level: 0 });
  text = '';

  constructor(isTerminal = false) {
    this.isTerminal = isTerminal;
  }
  /** What was written since the last time. */
  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }
  line(text: string): void {
    this.text += `${text}\n`;
  }
  write(data: string | Uint8Array): void {
    this.text += typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
  }
  drained(): Promise<void> {
    return Promise.resolve();
  }
}
