// How commands talk to the relay process of a lab: a line of JSON each way over a socket in its directory.
import { connect } from 'node:net';
import { join, relative } from 'node:path';
import { holderOf } from '../server/storage/lock.ts';
import { failure } from './failure.ts';
import { type Lab, relayDirOf } from './labFile.ts';
import type { Partition } from './partition.ts';

export interface RelayRequest {
  /** Takes the place of the one before; null heals. Absent: stays. */
  readonly partition?: Partition | null;
}

export interface RelayReply {
  readonly partition: Partition | null;
}

/** What the name of a socket may have on all systems. */
const MOST_BYTES = 100;
const ANSWER_MS = 5000;

/** Null when the name would be too long for a socket. */
export function socketPath(dir: string): string | null {
  const path = join(dir, 'relay.sock');
  const near = relative('.', path);
  const shortest = near.length < path.length ? near : path;
  return Buffer.byteLength(shortest) > MOST_BYTES ? null : shortest;
}

/** The process number of the relay; null when none runs. */
export const relayPid = (lab: { dir: string }): number | null => holderOf(relayDirOf(lab)) || null;

/** @throws CliError when the relay does not answer */
export function askRelay(lab: Lab, request: RelayRequest): Promise<RelayReply> {
  const path = socketPath(lab.dir);
  if (path === null || relayPid(lab) === null) {
    throw failure('The relay of the lab is not running; down and up start everything anew');
  }
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let answer = '';
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error('no answer')));
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', (error) => reject(failure(`The relay of the lab: ${error.message}`)));
    socket.on('close', () => {
      if (answer.endsWith('\n')) resolve(JSON.parse(answer) as RelayReply);
      else reject(failure('The relay of the lab ended'));
    });
  });
}
