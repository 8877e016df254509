// A program in a pseudo-terminal with a screen: type keys, wait for what a person would see.
import { type IPty, spawn as spawnPty } from '@lydell/node-pty';
import headless from '@xterm/headless';
import { PATIENCE_MS } from './processes.ts';

export interface PtyOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
}

const open = new Set<PtyScreen>();

// A test worker that ends early must not leave shells behind.
process.on('exit', () => {
  for (const screen of open) screen.kill('SIGKILL');
});

/** Keys by name, as a terminal sends them. */
export const keys = {
  enter: '\r',
  tab: '\t',
  escape: '\x1b',
  backspace: '\x7f',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  ctrl: (letter: string) => String.fromCharCode(letter.toUpperCase().charCodeAt(0) - 64),
  paste: (text: string) => `\x1b[200~${text.replaceAll('\n', '\r')}\x1b[201~`,
};

export class PtyScreen {
  /** All that the program wrote, escape sequences included. */
  raw = '';
  readonly ended: Promise<{ exitCode: number; signal: number | undefined }>;
  readonly #pty: IPty;
  readonly #terminal: headless.Terminal;
  readonly #watchers = new Set<() => void>();
  #hasEnded = false;

  constructor(command: string, args: string[], options: PtyOptions = {}) {
    const { columns: cols = 100, rows = 30 } = options;
    this.#terminal = new headless.Terminal({
      cols,
      rows,
      scrollback: 5000,
      allowProposedApi: true,
    });
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      NO_COLOR: undefined,
      FORCE_COLOR: undefined,
      ...options.env,
    };
    this.#pty = spawnPty(command, args, {
      name: options.env?.['TERM'] ?? 'xterm-256color',
      cols,
      rows,
      cwd: options.cwd ?? process.cwd(),
      env: Object.fromEntries(
        Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
      ),
    });
    open.add(this);
    this.#pty.onData((data) => {
      this.raw += data;
      this.#terminal.write(data, () => this.#tell());
    });
    // The terminal answers questions of the program, as a real one does.
    this.#terminal.onData((answer) => this.#pty.write(answer));
    this.ended = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        open.delete(this);
        // The screen shows what came before only a while later.
        this.#terminal.write('', () => {
          this.#hasEnded = true;
          resolve({ exitCode, signal: signal === 0 ? undefined : signal });
          this.#tell();
        });
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  type(text: string): void {
    this.#pty.write(text);
  }

  /** Types a line and Enter. */
  line(text: string): void {
    this.type(`${text}${keys.enter}`);
  }

  /** Everything on the screen and above it, wrapped lines put together, without the empty end. */
  text(): string {
    const buffer = this.#terminal.buffer.active;
    let text = '';
    for (let i = 0; i < buffer.length; i++) {
      const row = buffer.getLine(i);
      if (i > 0 && row?.isWrapped !== true) text += '\n';
      const isContinued = buffer.getLine(i + 1)?.isWrapped === true;
      // A wide character that does not fit leaves the last cell of a row empty.
      const last = row?.getCell(this.#terminal.cols - 1);
      const hasGap = isContinued && last?.getWidth() === 1 && last.getCode() === 0;
      text += row?.translateToString(!isContinued, 0, this.#terminal.cols - (hasGap ? 1 : 0)) ?? '';
    }
    return text.trimEnd();
  }

  lines(): string[] {
    return this.text()
      .split('\n')
      .map((line) => line.trimEnd());
  }

  /** The rows of the screen itself, top to bottom, without the empty end. */
  screen(): string[] {
    const buffer = this.#terminal.buffer.active;
    const rows: string[] = [];
    for (let i = 0; i < this.#terminal.rows; i++)
      rows.push(buffer.getLine(buffer.baseY + i)?.translateToString(true) ?? '');
    while (rows.at(-1) === '') rows.pop();
    return rows;
  }

  /** Row (from the top of the screen) and column of the cursor, from 0. */
  cursor(): { row: number; column: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active;
    return { row: cursorY, column: cursorX };
  }

  resize(columns: number, rows = this.#terminal.rows): void {
    this.#terminal.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** Waits for a text, a pattern or a condition; a failure says what the screen showed instead. */
  async waitFor(
    wanted: string | RegExp | ((text: string) => boolean),
    patience = PATIENCE_MS,
  ): Promise<void> {
    const holds = () => {
      const text = this.text();
      if (typeof wanted === 'string') return text.includes(wanted);
      return wanted instanceof RegExp ? wanted.test(text) : wanted(text);
    };
    const trouble = await new Promise<string | null>((resolve) => {
      const done = (result: string | null) => {
        clearTimeout(timer);
        this.#watchers.delete(check);
        resolve(result);
      };
      const check = () => {
        if (holds()) done(null);
        else if (this.#hasEnded) done('the program ended');
      };
      const timer = setTimeout(() => done(`waited ${patience} ms`), patience);
      this.#watchers.add(check);
      check();
    });
    if (trouble !== null && !holds())
      throw new Error(`${trouble}, in vain for ${String(wanted)}; screen:\n${this.text()}`);
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (!this.#hasEnded) this.#pty.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.ended;
    this.#terminal.dispose();
  }

  #tell(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }
}

export function spawn(command: string, args: string[], options: PtyOptions = {}): PtyScreen {
  return new PtyScreen(command, args, options);
}
