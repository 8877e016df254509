// The syntax of zoo.cfg (a Java properties file), keeping the line of every key for messages.
import { parseLines } from 'dot-properties';

/** One `key=value` of a file; key and value without white space around them. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** `file:line`, the line of the key, counted from 1. */
  readonly at: string;
}

interface Pair {
  type: 'PAIR';
  key: string;
  value: string;
  range: [number, number, number, number];
}

/**
 * Reads the pairs of a properties file in their order, repeated keys included.
 *
 * Text is taken as UTF-8 where Java takes ISO-8859-1, so that a dataDir may have any name.
 */
export function parseProperties(source: string, fileName: string): Entry[] {
  const text = source.replace(/^\uFEFF/, '');
  const entries: Entry[] = [];
  let line = 1;
  let position = 0;
  for (const node of parseLines(text, true)) {
    if (node.type !== 'PAIR') continue;
    const pair = node as Pair;
    const start = pair.range[0];
    line += countLineEnds(text.slice(position, start));
    position = start;
    entries.push({
      key: pair.key.trim(),
      value: pair.value.trim(),
      at: `${fileName}:${line}`,
    });
  }
  return entries;
}

function countLineEnds(text: string): number {
  return text.match(/\r\n|\r|\n/g)?.length ?? 0;
}
