// The dialogue at a terminal: who gets each key, when a line is run, what is shown meanwhile.
import { Announcer } from './announcer.ts';
import { applyCompletion, Completer } from './complete.ts';
import { History, historyFile, Recall } from './history.ts';
import { isControl, isEnter, isPlain, isPrintable, type Keypress } from './keys.ts';
import { LineEditor } from './lineEditor.ts';
import { Questions } from './questions.ts';
import { SearchLine } from './search.ts';
import type { AsyncText, ShellApi } from './shellApi.ts';
import { type TerminalStreams, TtyModes } from './ttyModes.ts';

/** How soon a second Ctrl-C on an empty line must follow the first one to leave. */
const leaveWithinMs = 2000;
const interruptedStatus = 130;
const continuationPrompt = '> ';

/**
 * Who gets the keys. `editing`: the line. `running`: a command; keys wait until it is done.
 * `completing`: Tab asks the server; keys wait. `left`: nobody any more.
 */
type Mode = 'editing' | 'running' | 'completing' | 'left';

export class Dialogue {
  readonly #shell: ShellApi;
  readonly #modes: TtyModes;
  readonly #streams: TerminalStreams;
  readonly #history: History;
  readonly #completer: Completer;
  readonly #questions: Questions;
  readonly #editor: LineEditor;
  readonly #announcer: Announcer;
  readonly #onLeave: (status: number) => void;

  #mode: Mode = 'editing';
  /** Keys typed ahead. */
  #held: Keypress[] = [];
  /** The lines before this one, when a quote is open. */
  #unfinished = '';
  #recall: Recall | null = null;
  #search: SearchLine | null = null;
  /** Text pasted so far, null outside of a paste; it is inserted at once. */
  #pasted: string | null = null;
  #emptyInterruptAt = Number.NEGATIVE_INFINITY;

  constructor(shell: ShellApi, streams: TerminalStreams, onLeave: (status: number) => void) {
    const { stdin, stdout, env } = streams;
    this.#shell = shell;
    this.#streams = streams;
    this.#modes = new TtyModes(stdin, stdout);
    this.#onLeave = onLeave;
    this.#editor = new LineEditor(stdin, stdout, {
      onKey: (keypress) => this.#onKey(keypress),
      onLine: (line) => void this.#onLine(line),
      onClose: () => this.leave(shell.lastStatus),
    });
    this.#completer = new Completer(shell, () => performance.now());
    this.#questions = new Questions(stdout, stdout.hasColors(env), () => this.#announcer.flush());
    this.#announcer = new Announcer(this.#editor, {
      isEditing: () => this.#isEditing,
      isAsking: () => this.#questions.isAsking,
      prompt: () => this.#prompt(),
      write: (text) => this.#write(text),
    });
    this.#history = new History(historyFile(env), (trouble) =>
      this.#announcer.text({ stream: 'err', text: trouble }),
    );
    shell.history.loadPast([...this.#history.entries]);
    shell.setQuestions(this.#questions);
    shell.onOutput((text) => this.#announcer.text(text));
    shell.onPromptChange(() => this.#announcer.redraw());
  }

  start(): void {
    this.#modes.begin();
    this.#editor.begin(this.#prompt());
    this.#announcer.flush();
  }

  leave(status: number): void {
    if (this.#mode === 'left') return;
    this.#announcer.flush();
    this.#mode = 'left';
    this.#modes.end();
    this.#editor.close();
    this.#onLeave(status);
  }

  /** After a stop by somebody else. */
  resume(): void {
    if (this.#mode !== 'left' && this.#modes.takeBack()) this.#drawAgain();
  }

  resized(): void {
    if (this.#isEditing) this.#editor.resized();
  }

  interrupt(): void {
    this.#announcer.flush();
    // With the keys held goes the mark of the end of a paste.
    this.#held = [];
    this.#pasted = null;
    if (this.#isEditing) this.#interruptLine();
    else if (this.#mode === 'running') {
      this.#streams.stdout.write('^C\n');
      this.#shell.interrupt();
    }
  }

  get #isEditing(): boolean {
    return this.#mode === 'editing' || this.#mode === 'completing';
  }

  #prompt(): string {
    if (this.#search !== null) return this.#search.prompt;
    return this.#unfinished === '' ? this.#shell.prompt() : continuationPrompt;
  }

  #write({ stream, text }: AsyncText): void {
    this.#completer.forget();
    this.#streams[stream === 'out' ? 'stdout' : 'stderr'].write(`${text}\n`);
  }

  #onKey(keypress: Keypress): void {
    const { name, sequence } = keypress.key;
    if (this.#questions.isAsking) {
      if (name !== 'paste-start' && name !== 'paste-end')
        this.#questions.feed(sequence ?? keypress.text ?? '');
    } else if (isControl(keypress, 'c')) this.interrupt();
    else if (isControl(keypress, 'z')) this.#suspend();
    else if (this.#mode === 'editing') this.#act(keypress);
    else if (this.#mode !== 'left') this.#held.push(keypress);
  }

  /** Goes on with what was typed ahead, until a line is run again. */
  #replay(): void {
    while (this.#mode === 'editing') {
      const keypress = this.#held.shift();
      if (keypress === undefined) return;
      this.#act(keypress);
    }
  }

  #act(keypress: Keypress): void {
    this.#announcer.flush();
    const { name } = keypress.key;
    if (name === 'paste-start') {
      this.#endSearch();
      this.#pasted = '';
    } else if (name === 'paste-end') this.#insertPasted(null);
    else if (this.#pasted === null) this.#edit(keypress);
    else if (isEnter(keypress)) {
      this.#insertPasted('');
      this.#editor.press(keypress);
    } else if (isPrintable(keypress) || keypress.text === '\t') this.#pasted += keypress.text;
  }

  #insertPasted(next: '' | null): void {
    const text = this.#pasted ?? '';
    this.#pasted = next;
    if (text !== '') this.#editor.insert(text);
  }

  #edit(keypress: Keypress): void {
    if (this.#search !== null && this.#searchTakes(this.#search, keypress)) return;
    const isUp = isPlain(keypress, 'up') || isControl(keypress, 'p');
    if (isUp || isPlain(keypress, 'down') || isControl(keypress, 'n')) {
      this.#recallLine(isUp);
      return;
    }
    this.#recall = null;
    if (isControl(keypress, 'r')) this.#search = new SearchLine(this.#editor, this.#history);
    else if (isControl(keypress, 'd') && this.#editor.line === '') this.#endOfInput();
    else if (isPlain(keypress, 'tab')) void this.#complete();
    else this.#editor.press(keypress);
  }

  #recallLine(isUp: boolean): void {
    const { line, cursor } = this.#editor;
    this.#recall ??= new Recall(this.#history.entries, line, line.slice(0, cursor));
    const found = isUp ? this.#recall.older() : this.#recall.newer();
    if (found !== null) this.#editor.setLine(found);
  }

  /** False when the key ends the search and still has its own work to do. */
  #searchTakes(search: SearchLine, keypress: Keypress): boolean {
    const step = search.take(keypress);
    if (step !== 'searching') this.#endSearch(step === 'cancelled');
    return step !== 'passed';
  }

  #endSearch(isCancelled = false): void {
    const search = this.#search;
    this.#search = null;
    search?.end(this.#prompt(), isCancelled);
  }

  /** Ctrl-C while a line is edited: away with it; twice on an empty one leaves. */
  #interruptLine(): void {
    const isEmpty = this.#editor.line === '' && this.#unfinished === '' && this.#search === null;
    const now = performance.now();
    const isSecond = isEmpty && now - this.#emptyInterruptAt < leaveWithinMs;
    this.#emptyInterruptAt = isEmpty ? now : Number.NEGATIVE_INFINITY;
    this.#mode = 'editing';
    this.#search = null;
    this.#recall = null;
    this.#unfinished = '';
    this.#editor.leaveLine('^C');
    if (isSecond) {
      this.leave(interruptedStatus);
      return;
    }
    if (isEmpty) this.#streams.stdout.write('Press Ctrl-C again to leave, or type quit.\n');
    this.#editor.begin(this.#prompt());
  }

  /** Ctrl-D on an empty line. */
  #endOfInput(): void {
    this.#editor.leaveLine();
    if (this.#unfinished === '') {
      this.leave(this.#shell.lastStatus);
      return;
    }
    this.#unfinished = '';
    this.#streams.stderr.write('Unterminated quote\n');
    this.#editor.begin(this.#prompt());
  }

  #suspend(): void {
    if (this.#isEditing) this.#editor.leaveLine();
    this.#modes.suspend(() => this.#drawAgain());
  }

  /** Where the cursor was left is not known: the line begins where it is now. */
  #drawAgain(): void {
    if (this.#isEditing) this.#editor.begin(this.#prompt(), this.#editor.line, this.#editor.cursor);
  }

  async #complete(): Promise<void> {
    const { line, cursor } = this.#editor;
    this.#mode = 'completing';
    const completion = await this.#completer.complete(this.#unfinished + line.slice(0, cursor));
    // Ctrl-C or the end of the terminal may have come first, and after the one another Tab.
    if (this.#mode !== 'completing' || this.#editor.line !== line) return;
    this.#mode = 'editing';
    this.#announcer.flush();
    if (completion === null || completion.hits.length === 0 || completion.typed.length > cursor)
      this.#streams.stdout.write('\x07');
    else applyCompletion(this.#editor, completion);
    this.#replay();
  }

  async #onLine(line: string): Promise<void> {
    const text = this.#unfinished + line;
    this.#recall = null;
    this.#emptyInterruptAt = Number.NEGATIVE_INFINITY;
    if (this.#shell.isUnterminated(text)) {
      this.#unfinished = `${text}\n`;
      this.#editor.begin(continuationPrompt);
      return;
    }
    this.#unfinished = '';
    this.#mode = 'running';
    if (this.#shell.history.mayKeep(text)) this.#history.keep(text);
    const status = await this.#shell.execute(text);
    if (this.#mode !== 'running') return;
    this.#completer.forget();
    if (this.#shell.isFinished) {
      this.leave(status);
      return;
    }
    this.#mode = 'editing';
    this.#editor.begin(this.#prompt());
    this.#replay();
  }
}
