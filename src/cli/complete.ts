// Completion from the commands' own tables: command names, options, paths, modes and session names.
import type { Command, OperandKind } from './command.ts';
import { LAB_VERBS } from './labVerbs.ts';
import type { LineEditor } from './lineEditor.ts';
import { tokenize } from './tokenizer.ts';

export interface Completion {
  /** The part of the line before the cursor that a hit takes the place of. */
  readonly typed: string;
  /** Whole words, sorted; each begins as `typed` does, quotes included. */
  readonly hits: readonly string[];
  /** What to list for each hit: of a path only the last name. */
  readonly labels: readonly string[];
  /** What follows when there is one hit only: a space, or a slash where a path goes on. */
  readonly suffix: string;
}

export interface CompletionSource {
  readonly commands: readonly Command[];
  sessionNames(): readonly string[];
  children(path: string): Promise<readonly string[]>;
}

/** How long a list of children is believed; events and commands drop it at once. */
const freshMs = 2000;
/** How long Tab may take. What arrives later is there for the next Tab. */
const deadlineMs = 300;

/** Words that stand for themselves, by what may stand at their place. */
const fixedWords: Partial<Record<OperandKind, readonly string[]>> = {
  watch: ['true', 'false'],
  mode: ['PERSISTENT', 'PERSISTENT_RECURSIVE'],
  onOff: ['off', 'on'],
  labVerb: LAB_VERBS,
  scheme: ['auth', 'digest', 'ip', 'sasl', 'world', 'x509'],
  acl: ['auth::cdrwa', 'digest:', 'ip:', 'world:anyone:cdrwa', 'world:anyone:r'],
  eventType: [
    'ChildWatchRemoved',
    'DataWatchRemoved',
    'NodeChildrenChanged',
    'NodeCreated',
    'NodeDataChanged',
    'NodeDeleted',
    'PersistentWatchRemoved',
  ],
};

/** The words of the command being typed; the last one is the word at the cursor, perhaps empty. */
interface Typed {
  readonly before: readonly string[];
  /** As typed, with its opening quote. */
  readonly raw: string;
  /** Without quotes and escapes. */
  readonly value: string;
  readonly quote: '"' | "'" | '';
}

function wordsBefore(text: string): Typed {
  const { words, unterminated } = tokenize(text);
  const last = words.at(-1);
  const isOpen = last?.end === text.length && (!last.quoted || unterminated === last.start);
  if (last === undefined || !isOpen)
    return { before: words.map((word) => word.text), raw: '', value: '', quote: '' };
  const raw = text.slice(last.start);
  const quote = !last.quoted ? '' : raw.startsWith('"') ? '"' : "'";
  return { before: words.slice(0, -1).map((word) => word.text), raw, value: last.text, quote };
}

/** A path as a word of the line in that quote, still open; null when it cannot stand in it. */
function quoted(path: string, quote: Typed['quote']): string | null {
  if (quote === "'") return path.includes("'") ? null : `'${path}`;
  if (quote === '"') return `"${path.replaceAll(/["\\]/g, '\\$&')}`;
  return path;
}

const isOption = (word: string) => word.startsWith('-') && !/^-\d/.test(word);

/** What may stand at the cursor, from the options and operands of the command. */
function expected(command: Command, words: readonly string[]): OperandKind | 'option' | null {
  let operands = 0;
  let plain = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (plain || !isOption(word)) {
      operands++;
      continue;
    }
    if (word === '--') plain = true;
    const option = command.options.find(({ flags }) => flags.includes(word));
    if (option?.value === undefined) continue;
    if (i === words.length - 1) return option.value.kind;
    i++;
  }
  const operand = command.operands[operands] ?? command.operands.at(-1);
  if (operand === undefined) return null;
  return operands < command.operands.length || operand.rest === true ? operand.kind : null;
}

export class Completer {
  readonly #source: CompletionSource;
  readonly #now: () => number;
  #lists = new Map<string, { readonly at: number; readonly names: Promise<readonly string[]> }>();

  /** `now` is in milliseconds. */
  constructor(source: CompletionSource, now: () => number) {
    this.#source = source;
    this.#now = now;
  }

  /** Forgets the lists of children: something may have changed. */
  forget(): void {
    this.#lists.clear();
  }

  /** What fits at the end of `text` (the line up to the cursor), or null when it took too long. */
  async complete(text: string): Promise<Completion | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, deadlineMs, null);
    });
    try {
      return await Promise.race([this.#complete(wordsBefore(text)), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #complete(typed: Typed): Promise<Completion> {
    const names = typed.before.filter((word, i) => !(i === 0 && word.startsWith('@')));
    const word = names[0]?.replace(/^![A-Za-z]*$/, '') === '' ? names[1] : names[0];
    if (word === undefined) return this.#commandOrSession(typed);
    const command = this.#source.commands.find(
      ({ name, aliases }) => name === word || aliases?.includes(word),
    );
    if (command === undefined) return among(typed, []);
    const words = names.slice(names.indexOf(word) + 1);
    const kind = expected(command, words);
    if (kind === 'path') {
      if (!isOption(typed.value)) return this.#path(typed);
    } else if (kind === 'command') return among(typed, this.#commandNames());
    else if (kind === 'session') return among(typed, this.#source.sessionNames());
    const fixed = kind === null || kind === 'option' ? undefined : fixedWords[kind];
    if (fixed !== undefined && !isOption(typed.value)) return among(typed, fixed);
    const flags = command.options
      .filter((option) => !option.flags.some((flag) => words.includes(flag)))
      .flatMap((option) => option.flags);
    return among(typed, isOption(typed.value) && typed.quote === '' ? flags : []);
  }

  #commandNames(): string[] {
    return this.#source.commands.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]);
  }

  #commandOrSession(typed: Typed): Completion {
    if (!typed.raw.startsWith('@')) return among(typed, this.#commandNames());
    return among(
      typed,
      this.#source.sessionNames().map((name) => `@${name}`),
    );
  }

  async #path(typed: Typed): Promise<Completion> {
    const { value } = typed;
    if (value !== '' && !value.startsWith('/')) return among(typed, []);
    const cut = value.lastIndexOf('/');
    const parent = cut <= 0 ? '/' : value.slice(0, cut);
    const stem = value.slice(cut + 1);
    if (value === '') return { typed: typed.raw, hits: ['/'], labels: ['/'], suffix: '' };
    const names = (await this.#children(parent)).filter((name) => name.startsWith(stem)).sort();
    const prefix = cut <= 0 ? '/' : `${parent}/`;
    // One name with a space puts all of them in quotes: they must have their beginning in common.
    const quote =
      typed.quote === '' && names.some((name) => /\s/.test(prefix + name)) ? '"' : typed.quote;
    const labels: string[] = [];
    const hits: string[] = [];
    for (const name of names) {
      const hit = quoted(prefix + name, quote);
      if (hit === null) continue;
      hits.push(hit);
      labels.push(name);
    }
    const only = names.length === 1 ? names[0] : undefined;
    let suffix = '';
    // A whole name was typed: Tab goes into the node, or past it when it has no children.
    if (only !== undefined && only === stem) {
      const goesOn = (await this.#children(prefix + only)).length > 0;
      suffix = goesOn ? '/' : `${quote} `;
    }
    return { typed: typed.raw, hits, labels, suffix };
  }

  #children(path: string): Promise<readonly string[]> {
    const now = this.#now();
    const known = this.#lists.get(path);
    if (known !== undefined && now - known.at < freshMs) return known.names;
    // A list that cannot be had completes nothing; the reason shows when the command is run.
    const names = this.#source.children(path).catch(() => []);
    this.#lists.set(path, { at: now, names });
    return names;
  }
}

/** The words that begin as what was typed. */
function among({ raw }: Typed, words: readonly string[]): Completion {
  const hits = [...new Set(words)].filter((word) => word.startsWith(raw)).sort();
  return { typed: raw, hits, labels: hits, suffix: ' ' };
}

/** The longest beginning that all words share. */
export function sharedBeginning(words: readonly string[]): string {
  let shared = words[0] ?? '';
  for (const word of words) {
    let length = 0;
    while (length < shared.length && shared[length] === word[length]) length++;
    shared = shared.slice(0, length);
  }
  // Never half of a character that takes two code units.
  return /[\ud800-\udbff]$/.test(shared) ? shared.slice(0, -1) : shared;
}

/** A list for the screen: sorted by column, at most `limit` of the labels. */
export function listInColumns(
  labels: readonly string[],
  columns: number,
  widthOf: (text: string) => number,
  limit = 100,
): string {
  const shown = labels.slice(0, limit);
  const widths = shown.map(widthOf);
  const cell = Math.max(...widths) + 3;
  const across = Math.max(1, Math.floor((columns + 2) / cell));
  const rows = Math.ceil(shown.length / across);
  const lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    let line = '';
    for (let i = row; i < shown.length; i += rows) {
      line += shown[i];
      if (i + rows < shown.length) line += ' '.repeat(cell - (widths[i] ?? 0));
    }
    lines.push(line);
  }
  if (labels.length > limit) lines.push(`... and ${labels.length - limit} more`);
  return lines.join('\n');
}

/** Puts what all hits share into the line; lists them when that is no more than was typed. */
export function applyCompletion(editor: LineEditor, completion: Completion): void {
  const { typed, hits, labels, suffix } = completion;
  const { line, cursor } = editor;
  const start = cursor - typed.length;
  let word = sharedBeginning(hits);
  if (hits.length === 1 && !line.startsWith(suffix || ' ', cursor)) word += suffix;
  if (word.length > typed.length)
    editor.setLine(line.slice(0, start) + word + line.slice(cursor), start + word.length);
  else if (hits.length > 1)
    editor.below(listInColumns(labels, editor.columns, (text) => editor.widthOf(text)));
}
