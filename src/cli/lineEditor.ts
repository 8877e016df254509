// The line being typed: node:readline, and what it lacks, such as output above and below the line.
//
// Facts of Node 20.20 that this rests on: the callback interface (not readline/promises) sends
// every key through its `_ttyWrite`, so an own one sees it before; `prevRows` is the cursor's row
// within the line as last drawn, which is how far the next redraw climbs.
import {
  clearScreenDown,
  createInterface,
  cursorTo,
  Interface,
  type Key,
  moveCursor,
} from 'node:readline';
import type { Readable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { isPrintable, type Keypress } from './keys.ts';

/** What node:readline has beyond its documented members. */
interface Internals {
  line: string;
  cursor: number;
  prevRows: number;
  _ttyWrite: (text: string | undefined, key: Key) => void;
  _getDisplayPos: (text: string) => { rows: number; cols: number };
}

export interface LineEditorEvents {
  /** Every key; the editor itself does nothing with it until it is given back by `press`. */
  onKey(keypress: Keypress): void;
  onLine(line: string): void;
  /** The terminal is gone, or `close` was called. */
  onClose(): void;
}

export class LineEditor {
  readonly #readline: Interface;
  readonly #internals: Internals;
  readonly #output: WriteStream;
  readonly #send: Internals['_ttyWrite'];
  /** Characters of one turn, inserted together: readline measures the whole line at each insert. */
  #burst = '';
  #burstTimer: NodeJS.Immediate | null = null;

  constructor(input: Readable, output: WriteStream, events: LineEditorEvents) {
    for (const name of ['_ttyWrite', '_getDisplayPos'])
      if (!(name in Interface.prototype))
        throw new Error(`this version of Node (${process.version}) has no readline ${name}`);
    this.#output = output;
    const others = output.listeners('resize');
    const readline = createInterface({
      input,
      output,
      terminal: true,
      // The history is our own: its entries may have several lines, and some lines stay out.
      historySize: 0,
      crlfDelay: Number.POSITIVE_INFINITY,
      prompt: '',
    });
    // Readline redraws at every change of size, also while a command prints and no line is shown.
    for (const listener of output.listeners('resize'))
      if (!others.includes(listener)) output.off('resize', listener as () => void);
    this.#readline = readline;
    this.#internals = readline as unknown as Internals;
    this.#send = this.#internals._ttyWrite.bind(readline);
    this.#internals._ttyWrite = (text, key) => events.onKey({ text, key });
    readline.on('line', events.onLine);
    readline.on('close', events.onClose);
  }

  get line(): string {
    this.#typeBurst();
    return this.#internals.line;
  }

  get cursor(): number {
    this.#typeBurst();
    return this.#internals.cursor;
  }

  /** Of the terminal; some tell 0. */
  get columns(): number {
    return this.#output.columns || 80;
  }

  /** Columns that the text takes: a Chinese character takes two. */
  widthOf(text: string): number {
    const { rows, cols } = this.#internals._getDisplayPos(text);
    return rows * this.columns + cols;
  }

  /** Lets readline act on a key. */
  press(keypress: Keypress): void {
    if (isPrintable(keypress)) {
      this.#burst += keypress.text;
      this.#burstTimer ??= setImmediate(() => this.#typeBurst());
    } else {
      this.#typeBurst();
      this.#send(keypress.text, keypress.key);
    }
  }

  /** Inserts text as it is, tabs included; no line ends in it. */
  insert(text: string): void {
    this.#typeBurst();
    this.#send(text, { sequence: text });
  }

  setLine(line: string, cursor = line.length): void {
    this.#typeBurst();
    this.#internals.line = line;
    this.#internals.cursor = cursor;
    this.#readline.prompt(true);
  }

  /** Shows a prompt and a line (empty, unless told) at the cursor, where nothing is yet. */
  begin(prompt: string, line = '', cursor = line.length): void {
    this.#internals.line = line;
    this.#internals.cursor = cursor;
    this.#internals.prevRows = 0;
    this.#readline.setPrompt(prompt);
    this.#readline.prompt(true);
  }

  /** Draws another prompt, and another line if told, in the place of the present ones. */
  redraw(prompt: string, line = this.line, cursor = this.cursor): void {
    this.#typeBurst();
    // The old prompt decides how far the cursor is below the first row, so this comes first.
    moveCursor(this.#output, 0, -this.#internals.prevRows);
    this.begin(prompt, line, cursor);
  }

  /**
   * Draws the line after the terminal has changed its width. Some terminals wrap the old line anew
   * and some leave it: the lower count of rows never erases what others wrote, at worst a piece of
   * the old line stays above.
   */
  resized(): void {
    this.#typeBurst();
    const rows = Math.min(this.#internals.prevRows, this.#readline.getCursorPos().rows);
    moveCursor(this.#output, 0, -rows);
    this.begin(this.#readline.getPrompt(), this.line, this.cursor);
  }

  /** Writes complete lines above the line, which stays intact with its cursor. */
  above(write: () => void, prompt: string): void {
    this.#typeBurst();
    moveCursor(this.#output, 0, -this.#internals.prevRows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
    write();
    // Else the next redraw climbs over the text just printed.
    this.#internals.prevRows = 0;
    this.#readline.setPrompt(prompt);
    this.#readline.prompt(true);
  }

  /** Leaves the line on the screen, with `mark` at its end, and goes on below it. */
  leaveLine(mark = ''): void {
    this.#typeBurst();
    this.#internals.cursor = this.#internals.line.length;
    this.#readline.prompt(true);
    this.#output.write(`${mark}\n`);
    this.#internals.prevRows = 0;
  }

  /** Writes text below the line and draws the line again under it. */
  below(text: string): void {
    const { cursor } = this;
    this.leaveLine();
    this.#output.write(`${text}\n`);
    this.#internals.cursor = cursor;
    this.#readline.prompt(true);
  }

  close(): void {
    this.#typeBurst();
    this.#readline.close();
  }

  #typeBurst(): void {
    if (this.#burstTimer === null) return;
    clearImmediate(this.#burstTimer);
    this.#burstTimer = null;
    const text = this.#burst;
    this.#burst = '';
    this.insert(text);
  }
}
