// Text that comes by itself (events, session changes), drawn above the line being edited.
import type { LineEditor } from './lineEditor.ts';
import type { AsyncText } from './shellApi.ts';

interface AnnouncerState {
  readonly isEditing: () => boolean;
  /** A question is on the screen: texts wait until it is answered. */
  readonly isAsking: () => boolean;
  readonly prompt: () => string;
  readonly write: (text: AsyncText) => void;
}

export class Announcer {
  readonly #editor: LineEditor;
  readonly #state: AnnouncerState;
  #texts: AsyncText[] = [];
  #timer: NodeJS.Immediate | null = null;

  constructor(editor: LineEditor, state: AnnouncerState) {
    this.#editor = editor;
    this.#state = state;
  }

  text(text: AsyncText): void {
    this.#texts.push(text);
    // While a command runs there is no line to keep whole, and the order with its output matters.
    if (this.#state.isEditing()) this.redraw();
    else this.flush();
  }

  /** The prompt is another one: draws at the end of this turn, with all else that happens in it. */
  redraw(): void {
    this.#timer ??= setImmediate(() => this.flush());
  }

  /** Draws now what is due: before a key acts, and before a command runs. */
  flush(): void {
    if (this.#state.isAsking()) return;
    const isDue = this.#timer !== null;
    if (this.#timer !== null) clearImmediate(this.#timer);
    this.#timer = null;
    const texts = this.#texts;
    this.#texts = [];
    const write = () => {
      for (const text of texts) this.#state.write(text);
    };
    if (!this.#state.isEditing()) write();
    else if (texts.length > 0) this.#editor.above(write, this.#state.prompt());
    else if (isDue) this.#editor.redraw(this.#state.prompt());
  }
}
