// The data directory of a member on a simulated disk: a history to start from, and its operations
// driven to their end or to a crash.
import { sessionId, type Zxid, zxid } from '../../src/base/ids.ts';
import { type Logger, silentLogger } from '../../src/base/logger.ts';
import {
  type InitialState,
  type MemberDir,
  openMemberDir,
} from '../../src/server/storage/memberDir.ts';
import { State } from '../../src/state/state.ts';
import { applyTxn, decodeTxn, encodeTxn } from '../../src/transactions/index.ts';
import { Writer } from '../../src/wire/bytes.ts';
import { OpCode } from '../../src/wire/opcodes.ts';
import { SimDisk, seeded } from './simDisk.ts';
import { dumpText, type History, Life, simOptions } from './storageLife.ts';

export const newState = (): State => new State();

export const zxidOf = (epoch: number, counter: number): Zxid =>
  zxid((BigInt(epoch) << 32n) | BigInt(counter));

/** A transaction that says its zxid: a session of that id. */
export function sessionEntry(id: Zxid): Buffer {
  const writer = new Writer();
  const header = {
    clientId: sessionId(id),
    cxid: 0,
    zxid: id,
    time: 1,
    type: OpCode.createSession,
  };
  encodeTxn(writer, header, { type: OpCode.createSession, timeOut: 4000 }, null);
  return writer.copy();
}

/** The text of a state after one more session. */
export function withSession(state: State, id: Zxid): string {
  const { header, txn } = decodeTxn(sessionEntry(id));
  applyTxn(state, header, txn);
  return dumpText(state);
}

export interface Base {
  disk: SimDisk;
  history: History;
  /** The last zxid, all acknowledged. */
  last: Zxid;
}

const bases = new Map<number, Base>();

/** A directory with several logs and snapshots, as its server closed it. Copy the disk before use. */
export async function baseOf(seed: number, entries = 90): Promise<Base> {
  const known = bases.get(seed);
  if (known !== undefined) return known;
  const life = new Life(new SimDisk(), seeded(seed));
  await life.run(entries);
  const closed = life.dataDir.close();
  await pump(life.disk, closed);
  const made = { disk: life.disk, history: life.history, last: life.acked };
  bases.set(seed, made);
  return made;
}

export interface Opened {
  disk: SimDisk;
  member: MemberDir;
  start: InitialState;
  logged: Zxid[];
  warnings: string[];
  infos: string[];
}

export function openMember(
  disk: SimDisk,
  more: Partial<Parameters<typeof openMemberDir>[0]> = {},
): Opened {
  const warnings: string[] = [];
  const infos: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (line) => void warnings.push(line),
    info: (line) => void infos.push(line),
  };
  const options = {
    ...simOptions(disk, { snapCount: 100_000, logger }),
    autoCreate: true,
    ...more,
  };
  const member = openMemberDir(options);
  const logged: Zxid[] = [];
  member.data.onLogged = (upTo) => logged.push(upTo);
  const start = member.recover(newState);
  return { disk, member, start, logged, warnings, infos };
}

/** Lets the disk work until the promise is settled; undefined when the machine dies before. */
export async function pump<T>(disk: SimDisk, promise: Promise<T>): Promise<T | undefined> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  settled.catch(() => {}); // looked at below, or lost with the machine
  for (let i = 0; i < 5000 && !isSettled && !disk.isDead; i++) {
    await new Promise(setImmediate);
    disk.turn();
  }
  for (let i = 0; i < 5 && !isSettled; i++) await new Promise(setImmediate);
  if (disk.isDead) return undefined;
  if (!isSettled) throw new Error('it never ends');
  return settled;
}

export const saveEpoch = (
  { member, disk }: Opened,
  kind: 'accepted' | 'current',
  epoch: number,
): Promise<unknown> =>
  pump(
    disk,
    new Promise<void>((resolve, reject) => {
      member.saveEpoch(kind, epoch, (error) => (error === null ? resolve() : reject(error)));
    }),
  );

/** Appends sessions of these zxids, and waits until they are durable. */
export async function append({ member, disk, logged }: Opened, ids: Zxid[]): Promise<void> {
  logged.length = 0;
  for (const id of ids) member.data.append(id, sessionEntry(id));
  member.data.flush();
  const last = ids.at(-1) as Zxid;
  for (let i = 0; i < 500 && !disk.isDead && (logged.at(-1) ?? 0n) < last; i++) {
    await new Promise(setImmediate);
    disk.turn();
  }
}
