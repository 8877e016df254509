// The workloads read, write, mix and create: streams of requests on many connections.
import { Clock } from './clock.ts';
import { Connection, type Work } from './connection.ts';
import type { RunContext } from './context.ts';
import { Ground } from './ground.ts';
import { Keys } from './keys.ts';
import { openAll } from './opening.ts';
import { type Lane, Pacer } from './pacer.ts';
import { type Measured, Recorder } from './recorder.ts';
import { Creates, kindOf, kinds, ReadsAndWrites, readRatioOf } from './works.ts';

/** What each connection does; znodes that it needs are there afterwards. */
async function prepare(
  { options, servers }: RunContext,
  ground: Ground,
): Promise<(index: number) => Promise<Work>> {
  const root = servers.chroot + options.path;
  const keys = new Keys(root, options.keys, options.size);
  if (options.workload === 'create') {
    return async (index) => {
      const creates = new Creates(`${root}/c${index}`, Buffer.from(keys.data(0)));
      await ground.folder(`${options.path}/c${index}`, () => creates.count);
      return creates;
    };
  }
  await ground.plant(options.keys, (key) => keys.data(key));
  const work = new ReadsAndWrites(keys, readRatioOf(options));
  return async () => work;
}

async function open(
  { options, servers }: RunContext,
  clock: Clock,
  recorder: Recorder,
  workOf: (index: number) => Promise<Work>,
): Promise<{ lanes: Lane[]; pacer: Pacer }> {
  const lanes: Lane[] = [];
  const pacer = new Pacer(lanes, options.rate);
  const connections = await openAll(servers, options.connections, (target, index, ready) => {
    const connection = new Connection(
      target,
      options.depth,
      {
        answered(tag, startedAt, heardAt) {
          recorder.record(kindOf(tag), heardAt - startedAt);
          const lane = lanes[index];
          if (lane !== undefined) pacer.answered(lane, heardAt);
        },
        notified() {},
        failed: (error) => {
          ready(error);
          clock.fail(error);
        },
      },
      () => ready(null),
    );
    return connection;
  });
  try {
    for (const [index, connection] of connections.entries()) {
      lanes.push({ connection, work: await workOf(index) });
    }
  } catch (error) {
    // What is open keeps the program running.
    for (const connection of connections) connection.destroy();
    throw error;
  }
  return { lanes, pacer };
}

/** Makes the znodes, runs, and removes the znodes whatever happens. */
export async function runStreams(context: RunContext): Promise<Measured> {
  const recorder = new Recorder(kinds);
  const clock = new Clock({ ...context.options, ...context, recorder });
  const ground = await Ground.make(context.servers, context.options.path);
  return await ground.used(async () => {
    const workOf = await prepare(context, ground);
    const { lanes, pacer } = await open(context, clock, recorder, workOf);
    try {
      pacer.start();
      await clock.run();
      return recorder.result();
    } finally {
      pacer.stop();
      // Dropped, not closed: what is outstanding is of no interest, and the sessions own nothing.
      for (const { connection } of lanes) connection.destroy();
    }
  });
}
