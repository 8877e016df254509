// The terminal half of the shell: keys, prompt, history, questions, and events above the line; nothing else touches the tty.
import type { ReadStream, WriteStream } from 'node:tty';
import { Completer, type Completion, listInColumns, sharedBeginning } from './complete.ts';
import { History, historyFile, Recall } from './history.ts';
import { type Keypress, LineEditor } from './lineEditor.ts';
import { Questions } from './questions.ts';
import { ReverseSearch } from './search.ts';
import type { AsyncText, ShellApi } from './shellApi.ts';

export interface TerminalStreams {
  readonly stdin: ReadStream;
  readonly stdout: WriteStream;
  readonly stderr: WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How soon a second Ctrl-C on an empty line must follow the first one to leave. */
const leaveWithinMs = 2000;
const continuationPrompt = '> ';
const interruptedStatus = 130;
/** Bracketed paste: the terminal marks where pasted text begins and ends. */
const pasteOn = '\x1b[?2004h';
const pasteOff = '\x1b[?2004l';

/** False for pipes, files and terminals without cursor movement: their lines are read as a script. */
export function isInteractive({ stdin, stdout, env }: TerminalStreams): boolean {
  return stdin.isTTY === true && stdout.isTTY === true && env['TERM'] !== 'dumb';
}

/**
 * Who gets the keys. `editing`: the line. `running`: a command; keys wait until it is done.
 * `completing`: Tab asks the server; keys wait. `left`: nobody any more.
 */
type Mode = 'editing' | 'running' | 'completing' | 'left';

const isControl = ({ key }: Keypress, letter: string) =>
  key.ctrl === true && key.meta !== true && key.name === letter;

const isEnter = ({ key }: Keypress) => key.name === 'return' || key.name === 'enter';

class Terminal {
  readonly #shell: ShellApi;
  readonly #streams: TerminalStreams;
  readonly #history: History;
  readonly #completer: Completer;
  readonly #questions: Questions;
  readonly #editor: LineEditor;
  readonly #leave: (status: number) => void;

  #mode: Mode = 'editing';
  /** Keys typed ahead. */
  #held: Keypress[] = [];
  /** Texts that wait for the end of this turn, or of a question. */
  #texts: AsyncText[] = [];
  #isFlushDue = false;
  /** The lines before this one, when a quote is open. */
  #unfinished = '';
  #recall: Recall | null = null;
  #search: {
    readonly state: ReverseSearch;
    readonly line: string;
    readonly cursor: number;
  } | null = null;
  /** Text pasted so far, null outside of a paste: it is inserted at once, for a key each is slow. */
  #pasted: string | null = null;
  #lastEmptyInterrupt = Number.NEGATIVE_INFINITY;

  constructor(shell: ShellApi, streams: TerminalStreams, onLeave: (status: number) => void) {
    this.#shell = shell;
    this.#streams = streams;
    this.#leave = onLeave;
    const warn = (trouble: string) => this.#text({ stream: 'err', text: trouble });
    this.#history = new History(historyFile(streams.env), warn);
    shell.history.loadPast(this.#history.entries);
    this.#completer = new Completer(shell, () => performance.now());
    const coloured = streams.stdout.hasColors(streams.env);
    this.#questions = new Questions(streams.stdout, coloured, (isAsking) => {
      if (!isAsking) this.#flush();
    });
    this.#editor = new LineEditor(streams.stdin, streams.stdout, {
      onKey: (keypress) => this.#onKey(keypress),
      onLine: (line) => void this.#onLine(line),
      onClose: () => this.leave(shell.lastStatus),
    });
    shell.setQuestions(this.#questions);
    shell.onOutput((text) => this.#text(text));
    shell.onPromptChange(() => this.#due());
  }

  start(): void {
    this.#streams.stdout.write(pasteOn);
    this.#editor.begin(this.#prompt());
    this.#flush();
  }

  leave(status: number): void {
    if (this.#mode === 'left') return;
    this.#flush();
    this.#mode = 'left';
    this.#streams.stdout.write(pasteOff);
    this.#editor.close();
    this.#leave(status);
  }

  /** After a stop (Ctrl-Z, SIGSTOP): whoever had the terminal meanwhile has set it up for itself. */
  resume(): void {
    if (this.#mode === 'left') return;
    const { stdin, stdout } = this.#streams;
    stdin.setRawMode(false);
    stdin.setRawMode(true);
    stdout.write(pasteOn);
    if (this.#isEditing) this.#editor.begin(this.#prompt(), this.#editor.line, this.#editor.cursor);
  }

  interrupt(): void {
    if (this.#mode === 'running') {
      this.#held = [];
      this.#streams.stdout.write('^C\n');
      this.#shell.interrupt();
    } else if (this.#mode !== 'left') this.#interruptLine();
  }

  get #isEditing(): boolean {
    return this.#mode === 'editing' || this.#mode === 'completing';
  }

  #prompt(): string {
    if (this.#search !== null) return this.#search.state.prompt;
    return this.#unfinished === '' ? this.#shell.prompt() : continuationPrompt;
  }

  // --- Output that comes by itself -------------------------------------------------------------

  #text(text: AsyncText): void {
    this.#texts.push(text);
    if (this.#isEditing) this.#due();
    else if (!this.#questions.isAsking) this.#flush();
  }

  /** Draws once for all that happens in this turn. */
  #due(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      if (this.#isFlushDue) this.#flush();
    });
  }

  #flush(): void {
    const isDue = this.#isFlushDue;
    const texts = this.#texts;
    if (this.#questions?.isAsking === true) return;
    this.#isFlushDue = false;
    this.#texts = [];
    if (texts.length > 0) this.#completer.forget();
    const { stdout, stderr } = this.#streams;
    const write = () => {
      for (const { stream, text } of texts) (stream === 'out' ? stdout : stderr).write(`${text}\n`);
    };
    if (!this.#isEditing) write();
    else if (texts.length > 0) this.#editor.above(write, this.#prompt());
    else if (isDue) this.#editor.redraw(this.#prompt());
  }

  // --- Keys ------------------------------------------------------------------------------------

  #onKey(keypress: Keypress): void {
    if (this.#questions.isAsking) {
      if (keypress.key.name?.startsWith('paste-') !== true)
        this.#questions.feed(keypress.key.sequence ?? keypress.text ?? '');
      return;
    }
    if (isControl(keypress, 'c')) {
      this.#flush();
      this.interrupt();
    } else if (this.#mode === 'editing') this.#act(keypress);
    else if (this.#mode !== 'left') this.#held.push(keypress);
  }

  /** Goes on with what was typed ahead until a line is run again. */
  #replay(): void {
    while (this.#mode === 'editing') {
      const keypress = this.#held.shift();
      if (keypress === undefined) return;
      this.#act(keypress);
    }
  }

  #act(keypress: Keypress): void {
    if (this.#isFlushDue) this.#flush();
    const { name } = keypress.key;
    if (name === 'paste-start') {
      this.#endSearch();
      this.#pasted = '';
    } else if (name === 'paste-end') this.#insertPasted(null);
    else if (this.#pasted === null) this.#edit(keypress);
    else if (isEnter(keypress)) {
      this.#insertPasted('');
      this.#press(keypress);
    } else this.#pasted += keypress.text ?? '';
  }

  #insertPasted(next: '' | null): void {
    const text = this.#pasted ?? '';
    this.#pasted = next;
    if (text !== '') this.#editor.insert(text);
  }

  #edit(keypress: Keypress): void {
    if (this.#search !== null && this.#searchKey(keypress)) return;
    const { name, ctrl } = keypress.key;
    const isPlain = ctrl !== true && keypress.key.meta !== true;
    const isUp = (isPlain && name === 'up') || isControl(keypress, 'p');
    const isDown = (isPlain && name === 'down') || isControl(keypress, 'n');
    if (isUp || isDown) {
      this.#recallLine(isUp);
      return;
    }
    this.#recall = null;
    if (isControl(keypress, 'r')) this.#beginSearch();
    else if (isControl(keypress, 'd') && this.#editor.line === '') this.#endOfInput();
    else if (isControl(keypress, 'z')) this.#suspend();
    else if (isPlain && name === 'tab' && keypress.key.shift !== true) void this.#complete();
    else this.#press(keypress);
  }

  #press(keypress: Keypress): void {
    this.#editor.press(keypress);
  }

  #recallLine(isUp: boolean): void {
    const { line, cursor } = this.#editor;
    this.#recall ??= new Recall(this.#history.entries, line, line.slice(0, cursor));
    const found = isUp ? this.#recall.older() : this.#recall.newer();
    if (found !== null) this.#editor.setLine(found);
  }

  /** Ctrl-C while a line is edited: away with it; twice on an empty one leaves. */
  #interruptLine(): void {
    this.#held = [];
    const isEmpty = this.#editor.line === '' && this.#unfinished === '' && this.#search === null;
    const now = performance.now();
    if (isEmpty && now - this.#lastEmptyInterrupt < leaveWithinMs) {
      this.#editor.leaveLine('^C');
      this.leave(interruptedStatus);
      return;
    }
    this.#lastEmptyInterrupt = isEmpty ? now : Number.NEGATIVE_INFINITY;
    this.#mode = 'editing';
    this.#pasted = null;
    this.#search = null;
    this.#recall = null;
    this.#unfinished = '';
    this.#editor.leaveLine('^C');
    if (isEmpty) this.#streams.stdout.write('Press Ctrl-C again to leave, or type quit.\n');
    this.#editor.begin(this.#prompt());
  }

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
    this.#editor.leaveLine();
    this.#streams.stdout.write(pasteOff);
    this.#streams.stdin.setRawMode(false);
    process.kill(process.pid, 'SIGTSTP');
  }

  // --- Ctrl-R ----------------------------------------------------------------------------------

  #beginSearch(): void {
    const { line, cursor } = this.#editor;
    this.#search = { state: new ReverseSearch(this.#history), line, cursor };
    this.#drawSearch();
  }

  #drawSearch(): void {
    const state = this.#search?.state;
    if (state === undefined) return;
    this.#editor.redraw(state.prompt, state.line, state.cursor);
  }

  /** Back to the usual prompt, with the line found (or what was typed when nothing was). */
  #endSearch(isCancelled = false): void {
    const search = this.#search;
    if (search === null) return;
    this.#search = null;
    const found = isCancelled ? '' : search.state.line;
    if (found === '') this.#editor.redraw(this.#prompt(), search.line, search.cursor);
    else this.#editor.redraw(this.#prompt(), found, search.state.cursor);
  }

  /** True when the key was for the search; any other key takes the line found and then does its work. */
  #searchKey(keypress: Keypress): boolean {
    const state = this.#search?.state;
    const { name, ctrl, meta } = keypress.key;
    const { text } = keypress;
    if (isControl(keypress, 'r')) state?.older();
    else if (name === 'backspace' || isControl(keypress, 'h')) state?.erase();
    else if (isControl(keypress, 'g')) {
      this.#endSearch(true);
      return true;
    } else if (name === 'escape') {
      this.#endSearch();
      return true;
    } else if (text !== undefined && ctrl !== true && meta !== true && !/\p{Cc}/u.test(text))
      state?.type(text);
    else {
      this.#endSearch();
      return false;
    }
    this.#drawSearch();
    return true;
  }

  // --- Tab -------------------------------------------------------------------------------------

  async #complete(): Promise<void> {
    const { line, cursor } = this.#editor;
    this.#mode = 'completing';
    const completion = await this.#completer.complete(this.#unfinished + line.slice(0, cursor));
    // Ctrl-C, or the end of the terminal, came first.
    if (this.#mode !== 'completing' || this.#editor.line !== line) return;
    this.#mode = 'editing';
    this.#flush();
    if (completion === null || completion.hits.length === 0 || completion.typed.length > cursor)
      this.#streams.stdout.write('\x07');
    else this.#applyCompletion(completion);
    this.#replay();
  }

  #applyCompletion({ typed, hits, labels, suffix }: Completion): void {
    const { line, cursor } = this.#editor;
    let word = sharedBeginning(hits);
    if (hits.length === 1) {
      const isWhole = word === typed || !word.includes('/');
      if (isWhole && !line.startsWith(suffix, cursor)) word += suffix;
    }
    if (word !== typed && (hits.length === 1 || word.length > typed.length)) {
      const start = cursor - typed.length;
      this.#editor.setLine(line.slice(0, start) + word + line.slice(cursor), start + word.length);
    } else if (hits.length > 1) {
      const { columns } = this.#streams.stdout;
      this.#editor.below(listInColumns(labels, columns, (text) => this.#editor.widthOf(text)));
    }
  }

  // --- Lines -----------------------------------------------------------------------------------

  async #onLine(line: string): Promise<void> {
    const text = this.#unfinished + line;
    this.#recall = null;
    this.#lastEmptyInterrupt = Number.NEGATIVE_INFINITY;
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

/** Reads and runs lines until the user leaves; every session is closed then. Resolves with the exit status. */
export async function runTerminal(shell: ShellApi, streams: TerminalStreams): Promise<number> {
  let onLeave: (status: number) => void = () => undefined;
  const left = new Promise<number>((resolve) => {
    onLeave = resolve;
  });
  const terminal = new Terminal(shell, streams, onLeave);
  const signals: Partial<Record<NodeJS.Signals, () => void>> = {
    SIGCONT: () => terminal.resume(),
    SIGHUP: () => terminal.leave(129),
    SIGINT: () => terminal.interrupt(),
    SIGTERM: () => terminal.leave(143),
  };
  // A terminal that is gone answers EIO.
  const onGone = () => terminal.leave(129);
  for (const [signal, listener] of Object.entries(signals)) process.on(signal, listener);
  for (const stream of [streams.stdin, streams.stdout]) stream.on('error', onGone);
  terminal.start();
  const status = await left;
  await shell.close();
  for (const [signal, listener] of Object.entries(signals)) process.off(signal, listener);
  for (const stream of [streams.stdin, streams.stdout]) stream.off('error', onGone);
  return status;
}
