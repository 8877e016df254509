// Ways in which the files of a data directory get damaged while no server runs.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource } from '../../src/wire/byteSource.ts';
import { LogScanner } from '../../src/wire/log.ts';

export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Where the entries of a log lie. */
export function entriesOf(path: string): Extent[] {
  const scanner = new LogScanner(bytesSource(readFileSync(path)));
  const entries: Extent[] = [];
  for (let entry = scanner.next(); entry !== null; entry = scanner.next()) {
    entries.push({ offset: entry.offset, length: entry.bytes.length + 13 });
  }
  return entries;
}

/** Files of one kind in version-2, oldest first. */
export const filesOf = (versionDir: string, kind: 'log' | 'snapshot'): string[] =>
  readdirSync(versionDir)
    .filter((name) => name.startsWith(`${kind}.`))
    .sort((a, b) => numberOf(a) - numberOf(b))
    .map((name) => join(versionDir, name));

const numberOf = (name: string): number => Number.parseInt(name.slice(name.indexOf('.') + 1), 16);

/** Harms a file; returns the offset at which the good part ends, null where there is none to tell. */
export type Damage = (path: string) => number | null;

function change(path: string, work: (bytes: Buffer) => Buffer): void {
  writeFileSync(path, work(readFileSync(path)));
}

function middle(path: string): Extent {
  const entries = entriesOf(path);
  return entries[entries.length >> 1] as Extent;
}

function last(path: string): Extent {
  return entriesOf(path).at(-1) as Extent;
}

const onEntry =
  (choose: (path: string) => Extent, work: (bytes: Buffer, entry: Extent) => Buffer): Damage =>
  (path) => {
    const entry = choose(path);
    change(path, (bytes) => work(bytes, entry));
    return entry.offset;
  };

const flip = (bytes: Buffer, at: number): Buffer => {
  bytes[at] = (bytes[at] as number) ^ 0x20;
  return bytes;
};

const replaced =
  (content: string): Damage =>
  (path) => {
    writeFileSync(path, content);
    return 0;
  };

const PAGE = 4096;

export const logDamages = {
  'a flipped byte': onEntry(middle, (bytes, { offset }) => flip(bytes, offset + 40)),
  'a flipped byte in the last entry': onEntry(last, (bytes, { offset }) =>
    flip(bytes, offset + 40),
  ),
  'a flipped length': onEntry(middle, (bytes, { offset }) => flip(bytes, offset + 9)),
  'a zeroed entry': onEntry(middle, (bytes, { offset, length }) =>
    bytes.fill(0, offset, offset + length),
  ),
  'a zeroed last entry': onEntry(last, (bytes, { offset, length }) =>
    bytes.fill(0, offset, offset + length),
  ),
  'a cleared end byte': onEntry(middle, (bytes, { offset, length }) =>
    bytes.fill(0, offset + length - 1, offset + length),
  ),
  'a cleared end byte of the last entry': onEntry(last, (bytes, { offset, length }) =>
    bytes.fill(0, offset + length - 1, offset + length),
  ),
  'a zeroed page': (path) => {
    const from = PAGE;
    const broken = entriesOf(path).find(({ offset, length }) => offset + length > from) as Extent;
    change(path, (bytes) => bytes.fill(0, from, from + PAGE));
    return broken.offset;
  },
  'a cut in an entry': onEntry(middle, (bytes, { offset }) => bytes.subarray(0, offset + 20)),
  'a cut between entries': onEntry(middle, (bytes, { offset }) => bytes.subarray(0, offset)),
  'a cut in the last entry': onEntry(last, (bytes, { offset }) => bytes.subarray(0, offset + 20)),
  'nothing in it': replaced(''),
  'half a header': (path) => {
    change(path, (bytes) => bytes.subarray(0, 8));
    return 0;
  },
  'a header alone': (path) => {
    change(path, (bytes) => bytes.subarray(0, 16));
    return 16;
  },
  'a flipped byte in its header': (path) => {
    change(path, (bytes) => flip(bytes, 1));
    return 0;
  },
  'the text of another program': replaced('#!/bin/sh\necho this is no log at all\n'),
  gone: (path) => {
    rmSync(path);
    return null;
  },
} satisfies Record<string, Damage>;

/** Loses nothing: what follows the last entry was never acknowledged. */
export const garbageTail: Damage = (path) => {
  const { offset, length } = last(path);
  change(path, (bytes) => Buffer.concat([bytes.subarray(0, offset + length), GARBAGE]));
  return null;
};
const GARBAGE = Buffer.from('5a'.repeat(700), 'hex');

export const snapshotDamages = {
  'a flipped byte': (path) => {
    change(path, (bytes) => flip(bytes, bytes.length >> 1));
    return null;
  },
  'a flipped byte in its header': (path) => {
    change(path, (bytes) => flip(bytes, 1));
    return null;
  },
  'a flipped last byte': (path) => {
    change(path, (bytes) => flip(bytes, bytes.length - 1));
    return null;
  },
  'a zeroed page': (path) => {
    change(path, (bytes) => bytes.fill(0, PAGE, 2 * PAGE));
    return null;
  },
  'a cut': (path) => {
    change(path, (bytes) => bytes.subarray(0, bytes.length >> 1));
    return null;
  },
  'nothing in it': replaced(''),
  'half a header': (path) => {
    change(path, (bytes) => bytes.subarray(0, 8));
    return null;
  },
  'the text of another program': replaced('no snapshot\n'),
  gone: (path) => {
    rmSync(path);
    return null;
  },
} satisfies Record<string, Damage>;
