// Ctrl-R: an incremental search backwards through the history, shown in the place of the line.
import type { History } from './history.ts';
import { isControl, isPrintable, type Keypress } from './keys.ts';
import type { LineEditor } from './lineEditor.ts';

/** What a key did: go on, take the line found, give up; `passed` keys are for the line itself. */
export type SearchStep = 'searching' | 'accepted' | 'cancelled' | 'passed';

export class ReverseSearch {
  readonly #history: History;
  #text = '';
  /** Index of the entry shown; the number of entries before anything was found. */
  #at: number;
  #failed = false;

  constructor(history: History) {
    this.#history = history;
    this.#at = history.entries.length;
  }

  get prompt(): string {
    return `(${this.#failed ? 'failed ' : ''}reverse-i-search)\`${this.#text}': `;
  }

  /** The entry found so far, empty before the first hit. */
  get line(): string {
    return this.#history.entries[this.#at] ?? '';
  }

  /** Where the text stands in the line: the place of the cursor. */
  get cursor(): number {
    return Math.max(0, this.line.indexOf(this.#text));
  }

  take(keypress: Keypress): SearchStep {
    const { name } = keypress.key;
    if (isControl(keypress, 'g')) return 'cancelled';
    if (name === 'escape') return 'accepted';
    if (isControl(keypress, 'r')) this.older();
    else if (name === 'backspace' || isControl(keypress, 'h')) this.erase();
    else if (isPrintable(keypress)) this.type(keypress.text ?? '');
    else return 'passed';
    return 'searching';
  }

  /** One more character: the entry shown stays when it still fits. */
  type(text: string): void {
    this.#text += text;
    this.#look(this.#at + 1);
  }

  erase(): void {
    this.#text = [...this.#text].slice(0, -1).join('');
    this.#look(this.#history.entries.length);
  }

  /** Ctrl-R again: the next older entry that differs. */
  older(): void {
    if (this.#text !== '') this.#look(this.#at);
  }

  #look(before: number): void {
    const found = this.#text === '' ? -1 : this.#history.findOlder(this.#text, before);
    this.#failed = this.#text !== '' && found === -1;
    if (found !== -1) this.#at = found;
    else if (this.#text === '') this.#at = this.#history.entries.length;
  }
}

/** A search drawn on the screen; it keeps what was typed before, to go back to. */
export class SearchLine {
  readonly #editor: LineEditor;
  readonly #search: ReverseSearch;
  readonly #line: string;
  readonly #cursor: number;

  constructor(editor: LineEditor, history: History) {
    this.#editor = editor;
    this.#search = new ReverseSearch(history);
    this.#line = editor.line;
    this.#cursor = editor.cursor;
    this.#draw();
  }

  get prompt(): string {
    return this.#search.prompt;
  }

  take(keypress: Keypress): SearchStep {
    const step = this.#search.take(keypress);
    if (step === 'searching') this.#draw();
    return step;
  }

  /** Back to the usual prompt, with the line found, or what was typed when nothing was. */
  end(prompt: string, isCancelled: boolean): void {
    const { line, cursor } = this.#search;
    if (isCancelled || line === '') this.#editor.redraw(prompt, this.#line, this.#cursor);
    else this.#editor.redraw(prompt, line, cursor);
  }

  #draw(): void {
    const { prompt, line, cursor } = this.#search;
    this.#editor.redraw(prompt, line, cursor);
  }
}
