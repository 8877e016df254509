// The shell without a terminal: a line goes in, a command runs, text goes to two sinks, a status comes back.
import { setMaxListeners } from 'node:events';
import type { ZooKeeper } from '../client/api.ts';
import { ZkError } from '../client/errors.ts';
import { CliError, noChroot, Status, usageError } from './cliError.ts';
import type { CommandContext, Json, LabRunner, ShellAccess } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { failureOf } from './errors.ts';
import { expecting } from './expecting.ts';
import { commandNamed } from './findCommand.ts';
import type { Language } from './language.ts';
import { LineHistory } from './lineHistory.ts';
import { Narrator, type NarratorOptions } from './narrator.ts';
import { parseArgs } from './parseArgs.ts';
import { readPrefixes } from './prefix.ts';
import type { ClientFactory, SessionSlot } from './sessionSlot.ts';
import { type SessionOptions, Sessions } from './sessions.ts';
import type { AsyncText, ShellApi, ShellQuestions } from './shellApi.ts';
import type { Sink } from './sink.ts';
import { tokenize, type Word } from './tokenizer.ts';

export interface ShellOptions extends NarratorOptions, SessionOptions {
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
  /** The words of the command `lab`; undefined where no servers come with the shell. */
  readonly lab?: LabRunner;
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
  readonly #sessions: Sessions;
  #lineNumber = 0;
  #abort = new AbortController();
  #questions: ShellQuestions | undefined;
  #promptChange: () => void = () => {};
  #shownPrompt = '';

  constructor(options: ShellOptions, world: ShellWorld) {
    this.#options = options;
    this.#world = world;
    this.#narrator = new Narrator(options, world);
    this.language = options.language;
    this.isTerminal = options.mode === 'terminal';
    this.history = new LineHistory(this.commands);
    this.#sessions = new Sessions(options, world.client, this.#narrator, () =>
      this.#promptMayDiffer(),
    );
  }

  get printWatches(): boolean {
    return this.#narrator.printWatches;
  }
  set printWatches(isOn: boolean) {
    this.#narrator.printWatches = isOn;
  }

  get sessions(): readonly SessionSlot[] {
    return this.#sessions.all;
  }
  sessionNames(): readonly string[] {
    return this.#sessions.names;
  }

  /** Opens the first session now instead of with the first command: what a terminal does. */
  start(): void {
    this.#sessions.open(this.#sessions.current);
  }

  prompt(): string {
    this.#shownPrompt = this.#composePrompt();
    return this.#shownPrompt;
  }

  #composePrompt(): string {
    const slot = this.#sessions.current;
    const server = this.fullPrompt ? slot.server : slot.shortServer();
    const name = this.sessions.length > 1 ? `${slot.name} ` : '';
    return `[zk: ${server}(${slot.label}) ${name}${this.#lineNumber}] `;
  }

  /** Each attempt to connect changes the state from CONNECTING to itself, which is no reason to redraw. */
  #promptMayDiffer(): void {
    if (this.#composePrompt() !== this.#shownPrompt) this.#promptChange();
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
    const slot = name === undefined ? this.#sessions.current : this.#sessions.named(name);
    if (prefixed.words.length === 0) {
      if (expected !== undefined) throw usageError('! needs a command');
      await this.#sessions.switchTo(slot, this.#abort.signal);
      return Status.ok;
    }
    if (expected === undefined) return await this.#runCommand(slot, name, prefixed.words);
    return await expecting(
      expected,
      () => this.#runCommand(slot, name, prefixed.words),
      (failure) => this.#narrator.failure(failure),
    );
  }

  async #runCommand(
    slot: SessionSlot,
    named: string | undefined,
    words: readonly Word[],
  ): Promise<number> {
    const command = commandNamed(this.commands, words[0]?.text ?? '');
    const args = parseArgs(command, words.slice(1));
    if (command.offline !== true) await this.#sessions.ready(slot, this.#abort.signal);
    try {
      return (await command.run(this.#context(slot, named !== undefined), args)) ?? Status.ok;
    } catch (error) {
      const isKnown = error instanceof ZkError || error instanceof CliError;
      const isRootMissing = isKnown && error.code === 'NoNode' && error.path === '/';
      throw isRootMissing ? noChroot('/', slot.zk?.chroot ?? '') : error;
    }
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
    await this.#sessions.connect(slot, server, this.#abort.signal);
  }

  async quit(slot: SessionSlot, named: boolean): Promise<void> {
    const { signal } = this.#abort;
    if (named) await this.#sessions.drop(slot, signal);
    else await this.close(signal);
  }

  async confirm(question: string): Promise<boolean | undefined> {
    return await this.#questions?.confirm(question);
  }

  async askPassword(question: string): Promise<string | undefined> {
    return await this.#questions?.askPassword(question);
  }

  async lab(words: readonly string[]): Promise<void> {
    const { lab, out, err } = this.#world;
    if (lab === undefined) throw usageError('This shell has no servers of its own');
    const { json } = this.#options;
    await lab(words, { out, err, signal: this.#abort.signal, isShell: true, json });
  }

  async readStdin(): Promise<Buffer> {
    if (this.#world.readStdin === undefined) {
      throw usageError('- cannot be read here: the commands come from standard input');
    }
    return await this.#world.readStdin();
  }

  async children(path: string): Promise<readonly string[]> {
    const zk = this.#sessions.current.zk;
    if (zk === undefined || !zk.isConnected) return [];
    try {
      return (await zk.children(path)).names.sort();
    } catch {
      // Completion offers nothing where the tree does: no node, no permission, no server.
      return [];
    }
  }

  /** Closes every session; an interruption leaves them to expire. */
  async close(interrupt?: AbortSignal): Promise<void> {
    this.isFinished = true;
    await this.#sessions.close(interrupt);
  }
}
