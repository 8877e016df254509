// Tables: cli-table3 for people at a terminal, tab-separated values for programs.
import type { Sink } from './sink.ts';

/**
 * Rows under a head, without a final newline. cli-table3 writes colours even through a pipe (its issue 357) unless its
 * styles are emptied, so only our own style touches the head.
 */
export async function table(
  sink: Sink,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): Promise<string> {
  if (!sink.isTerminal) return [head, ...rows].map((row) => row.join('\t')).join('\n');
  // Loaded only when a table is drawn: a one-shot command starts faster without it.
  const { default: Table } = await import('cli-table3');
  const drawn = new Table({
    head: head.map((name) => sink.style.bold(name)),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}
