// `logs`: the end of a server's log, and with -f what follows.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';
import type { LabWorld } from '../cli/command.ts';
import type { Sink } from '../cli/sink.ts';
import { failure } from './failure.ts';
import { type Lab, logOf, shown } from './labFile.ts';

const LOOK_AGAIN_MS = 100;
const PIECE = 64 * 1024;

export async function logs(
  lab: Lab,
  id: number,
  { lines, follow }: { lines: number; follow: boolean },
  { out, signal, json }: LabWorld,
): Promise<void> {
  const path = logOf(lab, `z${id}`);
  const put = json ? documents(id, out) : (piece: string | Uint8Array) => out.write(piece);
  const file = open(path);
  try {
    let position = fstatSync(file).size;
    const end = tail(file, position, lines);
    if (end !== '') put(end);
    while (follow && !signal.aborted) {
      const piece = read(file, position, PIECE);
      position += piece.length;
      if (piece.length > 0) {
        put(piece);
        await out.drained();
        continue;
      }
      // An abort ends the pause; the loop sees why.
      await delay(LOOK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    closeSync(file);
  }
}

/** Writes each whole line as a document. */
function documents(id: number, out: Sink): (piece: string | Uint8Array) => void {
  const decoder = new StringDecoder();
  let rest = '';
  return (piece) => {
    rest += typeof piece === 'string' ? piece : decoder.write(Buffer.from(piece));
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) out.line(JSON.stringify({ id, line }));
  };
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (thrown) {
    throw failure(`${shown(path)}: ${(thrown as NodeJS.ErrnoException).code}`);
  }
}

function read(file: number, position: number, length: number): Buffer {
  const piece = Buffer.alloc(length);
  return piece.subarray(0, readSync(file, piece, 0, length, position));
}

/** The last lines of the file up to `size`. */
function tail(file: number, size: number, lines: number): string {
  let start = size;
  let text = Buffer.alloc(0);
  while (start > 0 && count(text) <= lines) {
    const length = Math.min(PIECE, start);
    start -= length;
    text = Buffer.concat([read(file, start, length), text]);
  }
  return text
    .toString()
    .split(/(?<=\n)/)
    .slice(-lines)
    .join('');
}

const NEWLINE = 10;
const count = (text: Buffer): number =>
  text.reduce((sum, byte) => sum + Number(byte === NEWLINE), 0);
