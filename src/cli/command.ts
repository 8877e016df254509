// The form of a shell command: one row that drives parsing, `help`, completion and running.
import type { ZooKeeper } from '../client/api.ts';
import type { Language } from './language.ts';
import type { SessionSlot } from './sessionSlot.ts';
import type { Sink } from './sink.ts';

/** What stands at a place of a command line; completion and validation go by it. */
export type OperandKind =
  | 'path' /* a znode path */
  | 'data'
  | 'acl' /* scheme:id:perms[,...] */
  | 'command' /* name of a shell command */
  | 'session' /* name of a session, without @ */
  | 'server' /* host:port[,host:port][/chroot] */
  | 'watch' /* true|1|false|0 of the 3.4 forms */
  | 'version' /* version number of a node, -1 = any */
  | 'number'
  | 'labVerb' /* up, status... */
  | 'duration' /* 10s, 500ms, 2m; a bare number is seconds */
  | 'mode' /* addWatch mode */
  | 'eventType'
  | 'onOff'
  | 'scheme' /* authentication scheme */
  | 'secret'
  | 'file'
  | 'text';

export interface OptionSpec {
  /** All spellings, shortest first: `['-w']`, `['-m', '--mode']`. */
  readonly flags: readonly string[];
  /** Present when the option takes a value. */
  readonly value?: { readonly name: string; readonly kind: OperandKind };
  readonly summary: string;
  readonly zh: string;
}

export interface OperandSpec {
  readonly name: string;
  readonly kind: OperandKind;
  readonly optional?: boolean;
  /** Takes all remaining words (last operand only). */
  readonly rest?: boolean;
}

export type CommandGroup = 'read' | 'write' | 'watch' | 'access' | 'session' | 'shell';

/** The words of one line, sorted by the command's own table. */
export interface ParsedArgs {
  readonly operands: readonly string[];
  has(flag: string): boolean;
  value(flag: string): string | undefined;
  /** The operand was written in quotes. */
  isQuoted(index: number): boolean;
}

/** What --json can print. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/** What a command of the lab has around it: at a command line of the system, or inside the shell. */
export interface LabWorld {
  readonly out: Sink;
  readonly err: Sink;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The words are typed into the shell. */
  readonly isShell: boolean;
  /** Results are JSON documents, one a line. */
  readonly json: boolean;
}

/** Throws CliError. */
export type LabRunner = (words: readonly string[], world: LabWorld) => Promise<void>;

/** The shell as its own commands see it. */
export interface ShellAccess {
  readonly commands: readonly Command[];
  readonly isTerminal: boolean;
  readonly language: Language;
  readonly sessions: readonly SessionSlot[];
  printWatches: boolean;
  fullPrompt: boolean;
  /** Number and text of the last `count` lines, the running one included. */
  historyTail(count: number): readonly (readonly [number, string])[];
  /** Runs line `index` again in place of the running one. */
  redo(index: number): Promise<number>;
  /** Closes the session of the slot and opens another, at `server` or at the same one. */
  connect(slot: SessionSlot, server: string | undefined): Promise<void>;
  /** Ends the shell, or just the session when the line named one with @. */
  quit(slot: SessionSlot, named: boolean): Promise<void>;
  /** Undefined when nobody is there to answer. */
  confirm(question: string): Promise<boolean | undefined>;
  askPassword(question: string): Promise<string | undefined>;
  /** Runs the words of `lab`: an ensemble on this machine. */
  lab(words: readonly string[]): Promise<void>;
  /** All of standard input; a usage error when the commands come from there. */
  readStdin(): Promise<Buffer>;
  /** A dim line on a terminal, at most `times` per run of the shell for the same `key`. */
  hint(key: string, text: string, times?: number): void;
}

/** Everything that a command may touch. */
export interface CommandContext {
  readonly shell: ShellAccess;
  readonly session: SessionSlot;
  /** The line began with @name. */
  readonly isNamed: boolean;
  readonly out: Sink;
  readonly err: Sink;
  readonly json: boolean;
  /** No progress or counts on stderr, please. */
  readonly quiet: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** The client of the session, which exists for every command that is not `offline`. */
  readonly zk: ZooKeeper;
  /** The result: one JSON document with --json, else the text, of which '' prints nothing. */
  emit(json: Json, text: string): void;
}

export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly group: CommandGroup;
  /** As in `help`: `create [-s] [-e] ... path [data] [acl]`. */
  readonly usage: string;
  readonly summary: string;
  readonly zh: string;
  readonly options: readonly OptionSpec[];
  readonly operands: readonly OperandSpec[];
  readonly examples: readonly string[];
  /** Longer text under the summary of `help <command>`. */
  readonly detail?: string;
  readonly detailZh?: string;
  /** Runs without a live session: `help`, `history`, `connect`... */
  readonly offline?: boolean;
  /** Its line never goes to any history: it may hold a secret. */
  readonly secret?: boolean;
  /** Throws CliError or the client's error; the number is the exit status, 0 when nothing is returned. */
  run(context: CommandContext, args: ParsedArgs): Promise<number | undefined>;
}
