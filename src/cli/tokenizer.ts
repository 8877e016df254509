// Splits a line into words by the rule of ZooKeeperMain's MyCommandOptions.parseCommand, minus its traps.

export interface Word {
  readonly text: string;
  /** A quoted word is never an option, a comment or `-` for standard input. */
  readonly quoted: boolean;
  /** Where it stands in the line, quotes included. */
  readonly start: number;
  readonly end: number;
}

export interface Words {
  readonly words: readonly Word[];
  /** Position of the quote that has no partner, -1 when all have one. */
  readonly unterminated: number;
}

/** Java's \s: ASCII only, so that an ideographic space stays part of a name. */
const SPACE = ' \t\n\v\f\r';
const isSpace = (line: string, at: number): boolean => SPACE.includes(line.charAt(at));

interface Quoted {
  readonly text: string;
  readonly end: number;
  readonly closed: boolean;
}

/** `\"` and `\\` are escapes inside double quotes only (Apache drops what follows `\"` silently). */
function readQuoted(line: string, start: number): Quoted {
  const quote = line.charAt(start);
  let text = '';
  for (let at = start + 1; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === quote) return { text, end: at + 1, closed: true };
    const next = line.charAt(at + 1);
    if (quote === '"' && char === '\\' && (next === '"' || next === '\\')) {
      text += next;
      at++;
    } else {
      text += char;
    }
  }
  return { text, end: line.length, closed: false };
}

/**
 * The words of a line. A quote counts only at the start of a word, so JSON can be pasted as it is; the closing quote
 * ends the word even without a space after it, as in Apache's shell. `#` begins a comment as the first word of any
 * line, and with `comments` wherever it starts an unquoted word.
 */
export function tokenize(line: string, comments = false): Words {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line, at)) at++;
    if (at >= line.length) return { words, unterminated: -1 };
    const start = at;
    const first = line.charAt(at);
    if (first === '#' && (comments || words.length === 0)) return { words, unterminated: -1 };
    if (first === '"' || first === "'") {
      const { text, end, closed } = readQuoted(line, start);
      words.push({ text, quoted: true, start, end });
      if (!closed) return { words, unterminated: start };
      at = end;
    } else {
      while (at < line.length && !isSpace(line, at)) at++;
      words.push({ text: line.slice(start, at), quoted: false, start, end: at });
    }
  }
}
