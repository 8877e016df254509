// The shell without a terminal: a line goes in, a command runs, text goes to two sinks, a status comes back.
import { hex0x } from '../base/ids.ts';
import { nearest } from '../base/suggest.ts';
import type { AuthInfo, StateEvent, WatchedEvent, ZooKeeper } from '../client/api.ts';
import { CliError, Status, usageError } from './cliError.ts';
import type { Command, CommandContext, Json, ShellAccess } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { type Failure, failureOf } from './errors.ts';
import { eventJson, eventText } from './eventText.ts';
import type { Language } from './language.ts';
import { LineHistory } from './lineHistory.ts';
import { parseArgs } from './parseArgs.ts';
import { readPrefixes } from './prefix.ts';
import { type ClientFactory, SessionSlot } from './sessionSlot.ts';
import type { AsyncText, ShellApi, ShellQuestions } from './shellApi.ts';
import type { Sink } from './sink.ts';
import { tokenize, type Word } from './tokenizer.ts';

export interface ShellOptions {
  /** Connect string of the first session and of every named one. */
  readonly server: string;
  /** Session timeout to ask for. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly readOnly: boolean;
  readonly auth: readonly AuthInfo[];
  /** Who types: decides where events go and whether a command waits for the connection. */
  readonly mode: 'terminal' | 'script' | 'oneShot';
  /** Even at a terminal the first command waits for the connection. */
  readonly waitForConnection: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly language: Language;
  /** After an expiry a new session is opened without being asked. */
  readonly autoReconnect: boolean;
}

export interface ShellWorld {
  readonly out: Sink;
  readonly err: Sink;
  readonly client: ClientFactory;
  /** Standard input for `set /p -`; undefined when the commands themselves come from there. */
  readonly readStdin?: () => Promise<Buffer>;
}

const DEFAULT_SESSION = 'default';

export class Shell implements ShellApi, ShellAccess {
  readonly commands = COMMANDS;
  readonly history: LineHistory;
  readonly language: Language;
  readonly isTerminal: boolean;
  printWatches = true;
  fullPrompt = false;
  isFinished = false;
  isBusy = false;
  lastStatus: number = Status.ok;
  readonly #options: ShellOptions;
  readonly #world: ShellWorld;
  readonly #slots = new Map<string, SessionSlot>();
  #current: SessionSlot;
  #lineNumber = 0;
  #abort = new AbortController();
  #questions: ShellQuestions | undefined;
  #output: ((text: AsyncText) => void) | undefined;
  #promptChange: () => void = () => {};
  readonly #hints = new Map<string, number>();

  constructor(options: ShellOptions, world: ShellWorld) {
    this.#options = options;
    this.#world = world;
    this.language = options.language;
    this.isTerminal = options.mode === 'terminal';
    this.history = new LineHistory((name) => this.findCommand(name));
    this.#current = this.#slot(DEFAULT_SESSION);
  }

  get sessions(): readonly SessionSlot[] {
    return [...this.#slots.values()];
  }
  sessionNames(): readonly string[] {
    return [...this.#slots.keys()];
  }

  findCommand(name: string): Command | undefined {
    return this.commands.find(
      (command) => command.name === name || command.aliases?.includes(name) === true,
    );
  }

  /** Opens the first session now instead of with the first command: what a terminal does. */
  start(): void {
    this.#open(this.#current);
  }

  prompt(): string {
    const slot = this.#current;
    const server = this.fullPrompt ? slot.server : slot.shortServer();
    const name = this.#slots.size > 1 ? `${slot.name} ` : '';
    return `[zk: ${server}(${slot.label}) ${name}${this.#lineNumber}] `;
  }

  onOutput(listener: (text: AsyncText) => void): void {
    this.#output = listener;
  }
  onPromptChange(listener: () => void): void {
    this.#promptChange = listener;
  }
  setQuestions(questions: ShellQuestions): void {
    this.#questions = questions;
  }
  isUnterminated(line: string): boolean {
    return tokenize(line, !this.isTerminal).unterminated >= 0;
  }
  interrupt(): void {
    this.#abort.abort(new CliError('', 'Interrupted', Status.interrupted));
  }

  /** Interrupts the running command, and nothing runs after it. */
  stop(): void {
    this.isFinished = true;
    this.interrupt();
  }

  async execute(line: string): Promise<number> {
    const { words, unterminated } = tokenize(line, !this.isTerminal);
    if (words.length === 0) return this.lastStatus;
    const status = await this.#busy(async () => {
      this.history.add(this.#lineNumber, line);
      if (unterminated >= 0) throw usageError(`Unterminated quote: ${line.slice(unterminated)}`);
      return await this.#run(words);
    });
    this.#lineNumber++;
    return status;
  }

  /** A command given as words, as a command line of the system has them. */
  async executeWords(texts: readonly string[]): Promise<number> {
    const words = texts.map((text) => ({ text, quoted: false, start: 0, end: 0 }));
    return await this.#busy(() => this.#run(words));
  }

  async #busy(work: () => Promise<number>): Promise<number> {
    this.isBusy = true;
    this.#abort = new AbortController();
    try {
      this.lastStatus = await work();
    } catch (error) {
      this.lastStatus = this.#report(error);
    } finally {
      this.isBusy = false;
    }
    return this.lastStatus;
  }

  /** Prints a failure and gives its status. */
  #report(error: unknown): number {
    const failure = failureOf(error);
    this.#showFailure(failure);
    return failure.status;
  }

  #showFailure({ message, code, path, hint }: Failure): void {
    if (code === 'Interrupted') return;
    if (this.#options.json) {
      this.#world.out.line(JSON.stringify({ error: { code, path, message } }));
      return;
    }
    const { err } = this.#world;
    err.line(this.isTerminal ? err.style.red(message) : message);
    if (hint !== undefined && this.isTerminal) err.line(err.style.dim(`hint: ${hint}`));
  }

  async #run(words: readonly Word[]): Promise<number> {
    const prefixed = readPrefixes(words);
    const { session: name, expected } = prefixed;
    const slot = name === undefined ? this.#current : this.#slot(name);
    if (prefixed.words.length === 0) {
      if (expected !== undefined) throw usageError('! needs a command');
      await this.#switchTo(slot);
      return Status.ok;
    }
    if (expected === undefined) return await this.#runCommand(slot, name, prefixed.words);
    return await this.#runExpecting(expected, () => this.#runCommand(slot, name, prefixed.words));
  }

  async #switchTo(slot: SessionSlot): Promise<void> {
    this.#current = slot;
    if (slot.zk === undefined) await this.#connected(slot);
    this.#promptChange();
  }

  /** The error that was asked for is shown and is success; no error or another one is a failure. */
  async #runExpecting(expected: string, work: () => Promise<number>): Promise<number> {
    const wanted = expected === '' ? 'an error' : expected;
    let status: number;
    try {
      status = await work();
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === 'Interrupted') throw error;
      this.#showFailure(failure);
      if (expected === '' || failure.code === expected) return Status.ok;
      throw new CliError(
        `Expected ${wanted}, but got ${failure.code}`,
        'Expectation',
        Status.zookeeperError,
      );
    }
    if (expected === '' && status !== Status.ok) return Status.ok;
    throw new CliError(
      `Expected ${wanted}, but the command succeeded`,
      'Expectation',
      Status.zookeeperError,
    );
  }

  async #runCommand(
    slot: SessionSlot,
    named: string | undefined,
    words: readonly Word[],
  ): Promise<number> {
    const [first, ...rest] = words;
    const command = first === undefined ? undefined : this.findCommand(first.text);
    if (first === undefined || command === undefined) throw this.#unknown(first?.text ?? '');
    const args = parseArgs(command, rest);
    if (command.offline !== true) await this.#connected(slot);
    const status = await command.run(this.#context(slot, named !== undefined), args);
    return status ?? Status.ok;
  }

  #unknown(name: string): CliError {
    const near = nearest(
      name,
      this.commands.flatMap((command) => [command.name, ...(command.aliases ?? [])]),
    );
    return new CliError(
      `Command not found: ${name}${near === null ? '' : ` (did you mean ${near}?)`}`,
      'UnknownCommand',
      Status.unknownCommand,
      'help lists the commands',
    );
  }

  #context(session: SessionSlot, isNamed: boolean): CommandContext {
    const { out, err } = this.#world;
    const { json, quiet } = this.#options;
    return {
      shell: this,
      session,
      isNamed,
      out,
      err,
      json,
      quiet,
      signal: this.#abort.signal,
      get zk(): ZooKeeper {
        return session.live();
      },
      emit(value: Json, text: string): void {
        if (json) out.line(JSON.stringify(value));
        else if (text !== '') out.line(text);
      },
    };
  }

  #slot(name: string): SessionSlot {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = new SessionSlot(name, this.#options.server, {
        onEvent: (from, event) => this.#onEvent(from, event),
        onState: (from, event) => this.#onState(from, event),
      });
      this.#slots.set(name, slot);
    }
    return slot;
  }

  #open(slot: SessionSlot): void {
    slot.open(this.#world.client, {
      sessionTimeout: this.#options.timeoutMs,
      readOnly: this.#options.readOnly,
      auth: this.#options.auth,
    });
    this.#promptChange();
  }

  /** Makes sure of a session; where nobody watches the prompt it also waits until it is connected. */
  async #connected(slot: SessionSlot): Promise<void> {
    if (slot.zk === undefined) this.#open(slot);
    const zk = slot.live();
    if (zk.isConnected || (this.isTerminal && !this.#options.waitForConnection)) return;
    const { connectTimeoutMs } = this.#options;
    try {
      await this.#untilConnected(zk, connectTimeoutMs);
    } catch (error) {
      this.#abort.signal.throwIfAborted();
      slot.live();
      const reason = slot.lastReason === '' ? failureOf(error).message : slot.lastReason;
      throw new CliError(
        `Cannot connect to ${slot.server} within ${connectTimeoutMs} ms: ${reason}`,
        'ConnectionLoss',
        Status.noConnection,
      );
    }
  }

  async #untilConnected(zk: ZooKeeper, timeout: number): Promise<void> {
    await zk.whenConnected({ timeout, signal: this.#abort.signal });
    // whenConnected speaks of the first connection; later ones are seen in the state.
    if (zk.isConnected) return;
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timeout)]);
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        if (zk.state !== 'connecting') settle(resolve);
      };
      const aborted = () => settle(() => reject(signal.reason));
      const settle = (then: () => void) => {
        zk.off('state', look);
        signal.removeEventListener('abort', aborted);
        then();
      };
      zk.on('state', look);
      signal.addEventListener('abort', aborted);
    });
    if (!zk.isConnected) throw new Error('the session ended');
  }

  #onEvent(slot: SessionSlot, event: WatchedEvent): void {
    const { mode, json, quiet } = this.#options;
    const isSession = event.type === 'None';
    if (mode === 'oneShot' || !this.printWatches || this.isFinished) return;
    if (isSession && mode === 'script' && quiet) return;
    const name = slot.name === DEFAULT_SESSION ? undefined : slot.name;
    const text = json ? JSON.stringify(eventJson(event, slot.name)) : eventText(event, name);
    this.#print({ stream: isSession && mode === 'script' ? 'err' : 'out', text });
    if (!isSession && event.path !== null) {
      this.hint('used up', 'this watch is used up; set it again with the same command');
    }
  }

  #onState(slot: SessionSlot, event: StateEvent): void {
    this.#promptChange();
    if (this.#options.mode === 'oneShot' || this.isFinished) return;
    if (event.state === 'expired') this.#onExpired(slot, event);
    if (event.state === 'connecting' && event.reason !== '') {
      const text = `${event.reason}, retrying`;
      if (text !== this.#lastRetry && !this.#options.quiet) this.#print({ stream: 'err', text });
      this.#lastRetry = text;
    } else if (event.state === 'connected') {
      this.#lastRetry = '';
    }
  }
  #lastRetry = '';

  #onExpired(slot: SessionSlot, event: StateEvent): void {
    const lost = `${slot.ephemerals.size} ephemerals, ${event.watchesLost} watches lost`;
    const id = slot.zk === undefined ? '' : ` ${hex0x(slot.zk.sessionId)}`;
    const next = this.#options.autoReconnect ? 'opening a new session' : 'type connect';
    this.#print({ stream: 'err', text: `session${id} expired: ${lost}; ${next}` });
    if (this.#options.autoReconnect) setImmediate(() => this.#open(slot));
  }

  #print(text: AsyncText): void {
    if (this.#output !== undefined) this.#output(text);
    else this.#world[text.stream].line(text.text);
  }

  hint(key: string, text: string, times = 3): void {
    if (!this.isTerminal) return;
    const shown = this.#hints.get(key) ?? 0;
    if (shown >= times) return;
    this.#hints.set(key, shown + 1);
    this.#print({ stream: 'err', text: this.#world.err.style.dim(`hint: ${text}`) });
  }

  historyTail(count: number): readonly (readonly [number, string])[] {
    return this.history.tail(this.#lineNumber, count);
  }

  async redo(index: number): Promise<number> {
    const line = index < this.#lineNumber ? this.history.get(index) : undefined;
    if (line === undefined) throw usageError('Command index out of range');
    const { words } = tokenize(line, !this.isTerminal);
    const command = readPrefixes(words).words[0];
    if (command?.text === 'redo') throw usageError('No redoing redos');
    this.history.add(this.#lineNumber, line);
    return await this.#run(words);
  }

  async connect(slot: SessionSlot, server: string | undefined): Promise<void> {
    await slot.close();
    if (server !== undefined) slot.server = server;
    this.#open(slot);
    if (!this.isTerminal) await this.#connected(slot);
  }

  async quit(slot: SessionSlot, named: boolean): Promise<void> {
    if (!named) {
      this.isFinished = true;
      await this.close();
      return;
    }
    await slot.close();
    this.#slots.delete(slot.name);
    if (this.#current === slot) this.#current = this.#slot(DEFAULT_SESSION);
    this.#promptChange();
  }

  async confirm(question: string): Promise<boolean | undefined> {
    return await this.#questions?.confirm(question);
  }

  async askPassword(question: string): Promise<string | undefined> {
    return await this.#questions?.askPassword(question);
  }

  async readStdin(): Promise<Buffer> {
    if (this.#world.readStdin === undefined) {
      throw usageError('- cannot be read here: the commands come from standard input');
    }
    return await this.#world.readStdin();
  }

  async children(path: string): Promise<readonly string[]> {
    const zk = this.#current.zk;
    if (zk === undefined || !zk.isConnected) return [];
    try {
      return (await zk.children(path)).names.sort();
    } catch {
      // Completion offers nothing where the tree does: no node, no permission, no server.
      return [];
    }
  }

  async close(): Promise<void> {
    this.isFinished = true;
    await Promise.all(this.sessions.map((slot) => slot.close()));
  }
}
