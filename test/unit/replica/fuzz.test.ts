// Recorded frames, changed at random, sent by several clients: no error escapes, what is logged can
// be read back to the same tree, and a client that behaves is served all the time.
import { expect, it } from 'vitest';
import { Reader } from '../../../src/wire/bytes.ts';
import { GetDataResponse } from '../../../src/wire/client.ts';
import { type LoneClient, LoneServer } from '../../support/loneServer.ts';
import { Mutator, recordedFrames } from '../../support/mutations.ts';
import { expectSameTree } from '../../support/replay.ts';
import { connected, reply } from '../../support/replies.ts';
import {
  connectFrame,
  createFrame,
  getDataFrame,
  pingFrame,
  setDataFrame,
} from '../../support/requestFrames.ts';
import { type Random, seeded } from '../../support/simDisk.ts';

/** More on demand: ZK_SEED=7 npm run test:fuzz */
const inputs = Number(process.env.ZK_FUZZ ?? 20_000);
const firstSeed = Number(process.env.ZK_SEED ?? 1);
const PER_SERVER = 2000;
const HOSTILE = 4;

/** One server, its hostile clients and the one that behaves. */
class Stage {
  readonly server: LoneServer;
  readonly #random: Random;
  readonly #mutator: Mutator;
  readonly #hostile: (LoneClient | undefined)[] = [];
  readonly #honest: LoneClient;
  #rounds = 0;

  constructor(random: Random, mutator: Mutator) {
    this.#random = random;
    this.#mutator = mutator;
    this.server = new LoneServer({
      extendedTypes: random() < 0.7,
      enforceQuota: random() < 0.3,
      reconfigEnabled: random() < 0.3,
      superDigest: 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=',
      slowDisk: random() < 0.5,
    });
    this.#honest = connected(this.server, { timeout: 40_000 }).client;
    this.server.send(this.#honest, createFrame(1, '/honest-f00d', ''));
    this.server.release();
    this.#honest.frames();
  }

  input(): void {
    const at = Math.floor(this.#random() * HOSTILE);
    let client = this.#hostile[at];
    if (client === undefined || client.isClosed || this.#random() < 0.01) {
      if (client !== undefined) this.server.drop(client);
      client = this.server.connect();
      this.#hostile[at] = client;
      const hello = this.#mutator.hello();
      this.server.send(client, this.#random() < 0.9 ? connectFrame() : hello.toString('hex'));
    } else this.#sendInPieces(client, this.#mutator.request());
    client.frames();
    if (this.#random() < 0.3) this.server.release();
    if (this.#random() < 0.002) this.#letPass();
  }

  #sendInPieces(client: LoneClient, bytes: Buffer): void {
    for (let from = 0; from < bytes.length && !client.isClosed; ) {
      const to = this.#random() < 0.8 ? bytes.length : from + 1 + Math.floor(this.#random() * 20);
      this.server.send(client, bytes.toString('hex', from, to));
      from = to;
    }
  }

  /** Some sessions expire meanwhile, but not the one that sends its pings. */
  #letPass(): void {
    for (let i = 0; i < 3; i++) {
      this.server.pass(15_000);
      this.server.release();
      this.server.send(this.#honest, pingFrame);
    }
    this.#honest.frames();
  }

  /** A write and a read of the client that behaves. */
  serveHonest(): void {
    const value = `v${++this.#rounds}`;
    const path = '/honest-f00d';
    this.server.send(this.#honest, setDataFrame(2, path, value), getDataFrame(3, path));
    for (let i = 0; i < 3; i++) this.server.release();
    const frames = this.#honest.frames();
    expect(frames.map((frame) => [reply(frame).xid, reply(frame).err])).toEqual([
      [2, 0],
      [3, 0],
    ]);
    const body = Buffer.from(frames[1] ?? '', 'hex');
    const { data, stat } = GetDataResponse.read(new Reader(body, 20));
    expect(Buffer.from(data ?? []).toString()).toBe(value);
    expect(stat.version).toBe(this.#rounds);
  }
}

it(`${inputs} mutated frames harm nobody`, { timeout: 60_000 + inputs * 2 }, () => {
  const corpus = recordedFrames();
  expect(corpus.requests.length).toBeGreaterThan(300);
  let logged = 0;
  for (let done = 0, seed = firstSeed; done < inputs; done += PER_SERVER, seed++) {
    const random = seeded(seed);
    const stage = new Stage(random, new Mutator(random, corpus));
    for (let i = 0; i < PER_SERVER; i++) {
      stage.input();
      if (i % 25 === 0) stage.serveHonest();
    }
    stage.serveHonest();
    stage.server.release();
    expect(stage.server.replica.pipeline.load.count, `seed ${seed}`).toBe(0);
    expectSameTree(stage.server);
    logged += stage.server.logged.length;
  }
  // Otherwise most of it never got past the framing.
  expect(logged).toBeGreaterThan(inputs / 10);
});
