// What a new connection of a session sends first: its credentials, and its watches in batches.

import type { Zxid } from '../base/ids.ts';
import type { Writer } from '../wire/bytes.ts';
import { AuthPacket, SetWatches, SetWatches2 } from '../wire/client.ts';
import { OpCode, Xid } from '../wire/opcodes.ts';
import type { WatchTable } from './watches.ts';

export function writeAuth(out: Writer, scheme: string, auth: Uint8Array): void {
  const start = out.beginFrame();
  out.int(Xid.auth);
  out.int(OpCode.auth);
  AuthPacket.write(out, { type: 0, scheme, auth });
  out.endFrame(start);
}

/** Characters of path in one request; a server refuses frames over 1 MB (ZOOKEEPER-706). */
const BATCH_LENGTH = 128 * 1024;

type Lists = [string[], string[], string[], string[], string[]];
const emptyLists = (): Lists => [[], [], [], [], []];

/**
 * Asks the server for all watches again, telling it the newest transaction seen, so that changes made
 * meanwhile come as events at once. Returns how many requests that took.
 */
export function writeWatches(out: Writer, watches: WatchTable, relativeZxid: Zxid): number {
  const all: Lists = [
    watches.paths('data'),
    watches.paths('exist'),
    watches.paths('child'),
    watches.paths('persistent'),
    watches.paths('persistentRecursive'),
  ];
  let batch = emptyLists();
  let length = 0;
  let requests = 0;
  const send = () => {
    if (length === 0) return;
    writeBatch(out, batch, relativeZxid);
    requests++;
    batch = emptyLists();
    length = 0;
  };
  for (const [kind, paths] of all.entries()) {
    for (const path of paths) {
      batch[kind]?.push(path);
      length += path.length;
      if (length >= BATCH_LENGTH) send();
    }
  }
  send();
  return requests;
}

function writeBatch(out: Writer, batch: Lists, relativeZxid: Zxid): void {
  const [dataWatches, existWatches, childWatches, persistentWatches, recursive] = batch;
  const lists = { relativeZxid, dataWatches, existWatches, childWatches };
  const start = out.beginFrame();
  out.int(Xid.setWatches);
  // Servers before 3.6 know only the old form.
  if (persistentWatches.length === 0 && recursive.length === 0) {
    out.int(OpCode.setWatches);
    SetWatches.write(out, lists);
  } else {
    out.int(OpCode.setWatches2);
    SetWatches2.write(out, { ...lists, persistentWatches, persistentRecursiveWatches: recursive });
  }
  out.endFrame(start);
}
