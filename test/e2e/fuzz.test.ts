// Recorded frames, changed at random, sent to a real server over many connections: it goes on, stays
// small, serves those who behave, and finds everything again.
// Longer on demand: ZK_SEED=7 npm run test:fuzz
import { execFileSync } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { Mutator } from '../support/mutations.ts';
import { memoryOf } from '../support/processes.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { reply } from '../support/replies.ts';
import { connectFrame, createFrame, getDataFrame, setDataFrame } from '../support/requestFrames.ts';
import { ourCommand, startOurs } from '../support/servers.ts';
import { type Random, seeded } from '../support/simDisk.ts';

const inputs = Number(process.env.ZK_FUZZ ?? 5000);
const seed = Number(process.env.ZK_SEED ?? 3);
const MIB = 1 << 20;
const PER_CONNECTION = 30;

const bytes = (...frames: string[]): Buffer => Buffer.from(frames.join(''), 'hex');

/** Sends frames until the server closes, or as many as one connection may; reads and forgets answers. */
async function attack(port: number, mutator: Mutator, random: Random): Promise<number> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined); // a reset is a way to be closed: 'close' follows
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const connected = new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.resume();
  await Promise.race([connected, closed]);
  socket.write(random() < 0.9 ? bytes(connectFrame({ timeout: 4000 })) : mutator.hello());
  let sent = 1;
  while (sent < PER_CONNECTION && !socket.destroyed) {
    const many = 1 + Math.floor(random() * 5);
    socket.write(Buffer.concat(Array.from({ length: many }, () => mutator.request())));
    sent += many;
    await new Promise((resolve) => setImmediate(resolve));
  }
  // In order: who is cut off with answers unread may take what it sent last along.
  socket.end();
  await closed;
  return sent;
}

test(
  `${inputs} mutated frames do not stop the server, nor what it does for others`,
  async () => {
    const random = seeded(seed);
    const mutator = new Mutator(random);
    const server = await startOurs({ config: { snapCount: 1000, preAllocSize: 64 } });
    const honest = await RawConnection.open(server.port);
    honest.send(bytes(connectFrame(), createFrame(1, '/honest-f00d')));
    expect(await honest.replies(2, false)).toHaveLength(2);
    const before = memoryOf(server.pid);
    let slowest = 0;
    let value = 0;
    for (let sent = 0; sent < inputs; ) {
      const attacks = Array.from({ length: 8 }, () => attack(server.port, mutator, random));
      for (const count of await Promise.all(attacks)) sent += count;
      const since = performance.now();
      const data = `v${++value}`;
      honest.send(bytes(setDataFrame(2, '/honest-f00d', data), getDataFrame(3, '/honest-f00d')));
      const answers = await honest.replies(2, false);
      slowest = Math.max(slowest, performance.now() - since);
      expect(answers.map((frame) => reply(frame).err)).toEqual([0, 0]);
      expect(answers[1]).toContain(Buffer.from(data).toString('hex'));
    }
    expect(slowest).toBeLessThan(1000);
    expect(memoryOf(server.pid) - before).toBeLessThan(64 * MIB);
    expect(server.log()).not.toMatch(/ERROR|internal error/);
    await server.restart('SIGKILL');
    const again = await RawConnection.open(server.port);
    again.send(bytes(connectFrame(), getDataFrame(1, '/honest-f00d')));
    const [, found = ''] = await again.replies(2, false);
    expect(found).toContain(Buffer.from(`v${value}`).toString('hex'));
    await server.stop();
    const [command, [program = '']] = ourCommand('');
    const report = execFileSync(command, [
      program,
      'server',
      'check',
      server.configFile,
    ]).toString();
    expect(report).toMatch(/^loads to zxid 0x/m);
  },
  60_000 + inputs * 10,
);
