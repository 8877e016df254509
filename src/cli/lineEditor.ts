// The line being typed: node:readline with what it lacks, output above and below the line, and keys taken first.
//
// Facts of Node 20.20 that this rests on: the callback interface (not readline/promises) sends every key through
// its `_ttyWrite`, so an own one sees it before; `prevRows` is how many rows the next redraw climbs.
import {
  clearScreenDown,
  createInterface,
  cursorTo,
  type Interface,
  type Key,
  moveCursor,
} from 'node:readline';
import type { Readable } from 'node:stream';
import type { WriteStream } from 'node:tty';

/** One key as node:readline's parser tells it; `text` is absent for keys that write nothing. */
export interface Keypress {
  readonly text: string | undefined;
  readonly key: Key;
}

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
  readonly #press: Internals['_ttyWrite'];
  readonly #onResize = () => this.#settle();

  constructor(input: Readable, output: WriteStream, events: LineEditorEvents) {
    this.#output = output;
    // Before readline's own listener, which redraws.
    output.on('resize', this.#onResize);
    const readline = createInterface({
      input,
      output,
      terminal: true,
      // The history is our own: its entries may have several lines, and some lines stay out.
      historySize: 0,
      crlfDelay: Number.POSITIVE_INFINITY,
      prompt: '',
    });
    this.#readline = readline;
    this.#internals = readline as unknown as Internals;
    for (const name of ['_ttyWrite', '_getDisplayPos'] as const)
      if (typeof this.#internals[name] !== 'function')
        throw new Error(`this version of Node (${process.version}) has no readline ${name}`);
    this.#press = this.#internals._ttyWrite.bind(readline);
    this.#internals._ttyWrite = (text, key) => events.onKey({ text, key });
    readline.on('line', events.onLine);
    readline.on('close', events.onClose);
  }

  get line(): string {
    return this.#internals.line;
  }

  get cursor(): number {
    return this.#internals.cursor;
  }

  /** Columns that the text takes: a Chinese character takes two. */
  widthOf(text: string): number {
    const { rows, cols } = this.#internals._getDisplayPos(text);
    return rows * this.#output.columns + cols;
  }

  /** Lets readline act on a key. */
  press({ text, key }: Keypress): void {
    this.#settle();
    this.#press(text, key);
  }

  /** Inserts text as it is, tabs included; no line ends in it. */
  insert(text: string): void {
    this.press({ text, key: { sequence: text } });
  }

  setLine(line: string, cursor = line.length): void {
    this.#settle();
    this.#internals.line = line;
    this.#internals.cursor = cursor;
    this.#readline.prompt(true);
  }

  /** Shows a prompt and a line (empty, unless told) at the place of the cursor, where nothing is yet. */
  begin(prompt: string, line = '', cursor = line.length): void {
    this.#internals.line = line;
    this.#internals.cursor = cursor;
    this.#internals.prevRows = 0;
    this.#readline.setPrompt(prompt);
    this.#readline.prompt(true);
  }

  /** Draws another prompt, and another line if told, in the place of the present ones. */
  redraw(prompt: string, line = this.line, cursor = this.cursor): void {
    this.#settle();
    // The old prompt decides how far the cursor is below the first row, so this comes first.
    moveCursor(this.#output, 0, -this.#internals.prevRows);
    this.begin(prompt, line, cursor);
  }

  /** Writes complete lines above the line, which stays intact with its cursor. */
  above(write: () => void, prompt: string): void {
    this.#settle();
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
    this.#settle();
    this.#internals.cursor = this.#internals.line.length;
    this.#readline.prompt(true);
    this.#output.write(`${mark}\n`);
    this.#internals.prevRows = 0;
  }

  /** Writes text below the line and draws the line again under it. */
  below(text: string): void {
    const cursor = this.#internals.cursor;
    this.leaveLine();
    this.#output.write(`${text}\n`);
    this.#internals.cursor = cursor;
    this.#readline.prompt(true);
  }

  close(): void {
    this.#output.off('resize', this.#onResize);
    this.#readline.close();
  }

  /**
   * Makes readline's note of the cursor's row true. It is only kept by redraws, so it is stale after a wide
   * character was typed over the last column, and after the width of the terminal changed.
   */
  #settle(): void {
    this.#internals.prevRows = this.#readline.getCursorPos().rows;
  }
}
