// The workload session: connect, make a session, close it, and again.
import { Clock } from './clock.ts';
import { Connection } from './connection.ts';
import type { RunContext } from './context.ts';
import { BenchFailure } from './failure.ts';
import { type Measured, Recorder } from './recorder.ts';

const names = ['session', 'open'] as const;
const SESSION = 0;
const OPEN = 1;

export async function runSessions(context: RunContext): Promise<Measured> {
  const { options, servers } = context;
  const recorder = new Recorder(names);
  const clock = new Clock({ ...options, ...context, recorder });
  const live = new Set<Connection>();
  let turn = 0;
  const failed = (error: Error) => clock.fail(error);

  const open = () => {
    const target = servers.targets[turn++ % servers.targets.length];
    if (clock.isOver || target === undefined) return;
    const begun = performance.now();
    const connection: Connection = new Connection(
      target,
      1,
      { answered() {}, notified: () => failed(new BenchFailure('an event unasked for')), failed },
      () => {
        recorder.record(OPEN, performance.now() - begun, 0);
        connection.close(() => {
          recorder.record(SESSION, performance.now() - begun);
          live.delete(connection);
          open();
        });
      },
    );
    live.add(connection);
  };

  try {
    for (let i = 0; i < options.connections; i++) open();
    await clock.run();
    return recorder.result(SESSION);
  } finally {
    for (const connection of live) connection.destroy();
  }
}
