// The shell without a terminal: a line goes in, a command runs, text goes to two sinks, a status comes back.
import { setMaxListeners } from 'node:events';
import type { AuthInfo, StateEvent, ZooKeeper } from '../client/api.ts';
import { CliError, Status, usageError } from './cliError.ts';
import type { CommandContext, Json, ShellAccess } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { untilConnected } from './connecting.ts';
import { failureOf } from './errors.ts';
import { expecting } from './expecting.ts';
import { commandNamed } from './findCommand.ts';
import type { Language } from './language.ts';
import { LineHistory } from './lineHistory.ts';
import { Narrator, type NarratorOptions } from './narrator.ts';
import { parseArgs } from './parseArgs.ts';
import { readPrefixes } from './prefix.ts';
import { type ClientFactory, DEFAULT_SESSION, SessionSlot } from './sessionSlot.ts';
import type { AsyncText, ShellApi, ShellQuestions } from './shellApi.ts';
import type { Sink } from './sink.ts';
import { tokenize, type Word } from './tokenizer.ts';

export interface ShellOptions extends NarratorOptions {
  /** Connect string of the first session and of every named one. */
  readonly server: string;
  /** Session timeout to ask for. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly readOnly: boolean;
  readonly auth: readonly AuthInfo[];
  /** Even at a terminal the first command waits for the connection. */
  readonly waitForConnection: boolean;
  readonly language: Language;
  /** Show where an unforeseen error comes from. */
  readonly debug: boolean;
}

export interface ShellWorld {
  readonly out: Sink;
  readonly err: Sink;
  readonly client: ClientFactory;
  /** Standard input for `set /p -`; undefined when the commands themselves come from there. */
  readonly readStdin?: () => Promise<Buffer>;
}

export class Shell implements ShellApi, ShellAccess {
  readonly commands = COMMANDS;
  readonly history: LineHistory;
  readonly language: Language;
  readonly isTerminal: boolean;
  fullPrompt = false;
  isFinished = false;
  isBusy = false;
  lastStatus: number = Status.ok;
  readonly #options: ShellOptions;
  readonly #world: ShellWorld;
  readonly #narrator: Narrator;
  readonly #slots = new Map<string, SessionSlot>();
  #current: SessionSlot;
  #lineNumber = 0;
  #abort = new AbortController();
  #questions: ShellQuestions | undefined;
  #promptChange: () => void = () => {};

  constructor(options: ShellOptions, world: ShellWorld) {
    this.#options = options;
    this.#world = world;
    this.#narrator = new Narrator(options, world);
    this.language = options.language;
    this.isTerminal = options.mode === 'terminal';
    this.history = new LineHistory(this.commands);
    this.#current = this.#slot(DEFAULT_SESSION);
  }

  get printWatches(): boolean {
    return this.#narrator.printWatches;
  }
  set printWatches(isOn: boolean) {
    this.#narrator.printWatches = isOn;
  }

  get sessions(): readonly SessionSlot[] {
    return [...this.#slots.values()];
  }
  sessionNames(): readonly string[] {
    return [...this.#slots.keys()];
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
    this.#narrator.onOutput(listener);
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
    // A command with thousands of requests under way has as many listeners: no leak.
    setMaxListeners(0, this.#abort.signal);
    try {
      this.lastStatus = await work();
    } catch (error) {
      const failure = failureOf(error);
      this.#narrator.failure(failure);
      const isUnforeseen = failure.code === 'Error' && error instanceof Error;
      if (this.#options.debug && isUnforeseen) this.#world.err.line(error.stack ?? '');
      this.lastStatus = failure.status;
    } finally {
      this.isBusy = false;
    }
    return this.lastStatus;
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
    return await expecting(
      expected,
      () => this.#runCommand(slot, name, prefixed.words),
      (failure) => this.#narrator.failure(failure),
    );
  }

  async #switchTo(slot: SessionSlot): Promise<void> {
    this.#current = slot;
    if (slot.zk === undefined) await this.#connected(slot);
    this.#promptChange();
  }

  async #runCommand(
    slot: SessionSlot,
    named: string | undefined,
    words: readonly Word[],
  ): Promise<number> {
    const command = commandNamed(this.commands, words[0]?.text ?? '');
    const args = parseArgs(command, words.slice(1));
    if (command.offline !== true) await this.#connected(slot);
    const status = await command.run(this.#context(slot, named !== undefined), args);
    return status ?? Status.ok;
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
        onEvent: (from, event) => this.#narrator.event(from, event),
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
    await untilConnected(slot, this.#options.connectTimeoutMs, this.#abort.signal);
  }

  #onState(slot: SessionSlot, event: StateEvent): void {
    this.#narrator.state(slot, event);
    this.#promptChange();
    const isOver = event.state === 'expired' && this.#options.autoReconnect && !this.isFinished;
    if (isOver) setImmediate(() => this.#open(slot));
  }

  hint(key: string, text: string, times?: number): void {
    this.#narrator.hint(key, text, times);
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
    this.#narrator.isSilent = true;
    await Promise.all(this.sessions.map((slot) => slot.close()));
  }
}
