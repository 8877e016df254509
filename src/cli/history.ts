// The lines typed in terminals: kept in a private file that several shells append to.
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Lines kept in memory, and in the file after it has been shortened. */
const capacity = 5000;

/** Where the history is kept, or null when it is switched off by an empty ZK_HISTFILE. */
export function historyFile(env: Readonly<Record<string, string | undefined>>): string | null {
  const chosen = env['ZK_HISTFILE'];
  if (chosen !== undefined) return chosen === '' ? null : chosen;
  const state = env['XDG_STATE_HOME'];
  // The XDG rules say that a relative path counts as unset.
  const base = state?.startsWith('/') === true ? state : join(homedir(), '.local', 'state');
  return join(base, 'zk', 'history');
}

/** One line of the file: newlines (of a value typed over several lines) and backslashes escaped. */
export function encodeEntry(entry: string): string {
  return entry.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
}

export function decodeEntry(line: string): string {
  return line.replaceAll(/\\(.)/g, (_all, letter: string) =>
    letter === 'n' ? '\n' : letter === 'r' ? '\r' : letter,
  );
}

export class History {
  readonly #entries: string[] = [];
  #file: string | null;
  readonly #warn: (trouble: string) => void;

  /**
   * `warn` gets at most one line: a history that cannot be read or written is no reason to stop.
   */
  constructor(file: string | null, warn: (trouble: string) => void) {
    this.#file = file;
    this.#warn = warn;
    if (file !== null) this.#load(file);
  }

  /** Oldest first. */
  get entries(): readonly string[] {
    return this.#entries;
  }

  /** Appends a line to the memory and at once to the file: shells keep each other's lines. */
  keep(entry: string): void {
    if (entry.trim() === '') return;
    if (this.#entries.at(-1) === entry) return;
    this.#remember(entry);
    const file = this.#file;
    if (file === null) return;
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      appendFileSync(file, `${encodeEntry(entry)}\n`, { mode: 0o600 });
    } catch (error) {
      this.#giveUp('write', error);
    }
  }

  /** Index of the newest entry before `before` that contains `text`, or -1. */
  findOlder(text: string, before: number): number {
    for (let i = Math.min(before, this.#entries.length) - 1; i >= 0; i--)
      if (this.#entries[i]?.includes(text)) return i;
    return -1;
  }

  #remember(entry: string): void {
    const older = this.#entries.lastIndexOf(entry);
    if (older !== -1) this.#entries.splice(older, 1);
    this.#entries.push(entry);
    if (this.#entries.length > capacity) this.#entries.shift();
  }

  #load(file: string): void {
    try {
      const lines = readFileSync(file, 'utf8').split('\n');
      if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
      const seen = new Set<string>();
      for (let i = lines.length - 1; i >= 0 && seen.size < capacity; i--) {
        const line = lines[i] ?? '';
        if (line !== '') seen.add(decodeEntry(line));
      }
      this.#entries.push(...[...seen].reverse());
      if (lines.length > 2 * capacity) this.#shorten(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#giveUp('read', error);
    }
  }

  #shorten(file: string): void {
    const draft = `${file}.${process.pid}`;
    try {
      const text = this.#entries.map((entry) => `${encodeEntry(entry)}\n`).join('');
      writeFileSync(draft, text, { mode: 0o600 });
      renameSync(draft, file);
    } finally {
      rmSync(draft, { force: true });
    }
  }

  #giveUp(what: string, error: unknown): void {
    this.#warn(`cannot ${what} the history file ${this.#file}: ${(error as Error).message}`);
    this.#file = null;
  }
}

/** A walk with Up and Down through the entries that begin with what was typed. */
export class Recall {
  readonly #entries: readonly string[];
  readonly #typed: string;
  readonly #prefix: string;
  #at: number;

  constructor(entries: readonly string[], typed: string, prefix: string) {
    this.#entries = entries;
    this.#typed = typed;
    this.#prefix = prefix;
    this.#at = entries.length;
  }

  /** The next older line, or null at the oldest. */
  older(): string | null {
    for (let i = this.#at - 1; i >= 0; i--) {
      const entry = this.#entries[i];
      if (entry?.startsWith(this.#prefix) && entry !== this.#typed) {
        this.#at = i;
        return entry;
      }
    }
    return null;
  }

  /** The next newer line, at the end what had been typed; null when already there. */
  newer(): string | null {
    if (this.#at === this.#entries.length) return null;
    for (let i = this.#at + 1; i < this.#entries.length; i++) {
      const entry = this.#entries[i];
      if (entry?.startsWith(this.#prefix) && entry !== this.#typed) {
        this.#at = i;
        return entry;
      }
    }
    this.#at = this.#entries.length;
    return this.#typed;
  }
}
