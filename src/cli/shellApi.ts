// What a terminal (or a script reader) may ask of the shell; class Shell in shell.ts is the one implementation.
import type { Command } from './command.ts';

/** Text that no running command asked for: events, session changes. Complete lines, no final newline. */
export interface AsyncText {
  readonly stream: 'out' | 'err';
  readonly text: string;
}

/** Questions only a terminal can ask. Without them (scripts, pipes) a command that needs one fails with exit 2. */
export interface ShellQuestions {
  /** Yes or no; cancelling is no. */
  confirm(question: string): Promise<boolean>;
  /** Hidden input; undefined when cancelled. */
  askPassword(question: string): Promise<string | undefined>;
}

/** Lines typed so far, numbered as in the prompt: the first of this run is 0, earlier runs count down from -1. */
export interface ShellHistory {
  /** Oldest first; the terminal fills it at start from its file. */
  loadPast(lines: readonly string[]): void;
  /** True when the line may be kept (not `addauth`, not `--auth`, no leading space). */
  mayKeep(line: string): boolean;
}

export interface ShellApi {
  /** For completion: every command with its names, options and operand kinds (see command.ts). */
  readonly commands: readonly Command[];
  readonly history: ShellHistory;
  /** Runs one line, comments and blank lines included; the status is that of section 2.5 (0, 1, 2, 3, 4, 5, 124, 127, 130). Never throws. */
  execute(line: string): Promise<number>;
  /** True when the line ends inside a quote, so that the terminal shows `> ` and appends the next line after a newline. */
  isUnterminated(line: string): boolean;
  /** True once `quit` or `exit` ran: the terminal leaves. */
  readonly isFinished: boolean;
  /** True while `execute` runs. */
  readonly isBusy: boolean;
  /** Status of the last line: what Ctrl-D leaves with. */
  readonly lastStatus: number;
  /** `[zk: host:port(CONNECTED) 0] `, without colour. */
  prompt(): string;
  /** Called with every text that arrives by itself; without a listener it goes to the sinks. */
  onOutput(listener: (text: AsyncText) => void): void;
  /** Called whenever `prompt()` would answer differently than before because a session changed. */
  onPromptChange(listener: () => void): void;
  /** Aborts the running command; its `execute` answers 130 with nothing more printed. */
  interrupt(): void;
  setQuestions(questions: ShellQuestions): void;
  /** Names of children of a znode for completion, [] when it does not exist or there is no session. */
  children(path: string): Promise<readonly string[]>;
  /** Names of the sessions, without @. */
  sessionNames(): readonly string[];
  /** Closes every session, so that ephemerals vanish now. Idempotent. */
  close(): Promise<void>;
}
