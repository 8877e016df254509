// Numbered lines for `history` and `redo`: the first of this run is 0, those of earlier runs count down from -1.
import type { Command } from './command.ts';
import type { ShellHistory } from './shellApi.ts';
import { tokenize } from './tokenizer.ts';

/** Older lines of a long script are forgotten. */
const LIMIT = 5000;

export class LineHistory implements ShellHistory {
  readonly #secret: ReadonlySet<string>;
  #past: readonly string[] = [];
  readonly #lines = new Map<number, string>();

  constructor(commands: readonly Command[]) {
    const secret = commands.filter((command) => command.secret === true);
    this.#secret = new Set(secret.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
  }

  loadPast(lines: readonly string[]): void {
    this.#past = lines;
  }

  mayKeep(line: string): boolean {
    if (line.startsWith(' ')) return false;
    const words = tokenize(line).words.map((word) => word.text);
    if (words.some((word) => word === '--auth' || word.startsWith('--auth='))) return false;
    const name = words.find((word) => !word.startsWith('@') && !word.startsWith('!'));
    return name === undefined || !this.#secret.has(name);
  }

  add(index: number, line: string): void {
    if (this.mayKeep(line)) this.#lines.set(index, line);
    this.#lines.delete(index - LIMIT);
  }

  get(index: number): string | undefined {
    return index >= 0 ? this.#lines.get(index) : this.#past[this.#past.length + index];
  }

  /** `[index, line]` of the last lines up to and with `last`. */
  tail(last: number, count: number): readonly (readonly [number, string])[] {
    const found: [number, string][] = [];
    for (let index = last - count + 1; index <= last; index++) {
      const line = this.get(index);
      if (line !== undefined) found.push([index, line]);
    }
    return found;
  }
}
