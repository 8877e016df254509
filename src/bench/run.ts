// One measurement of one workload against one server or ensemble.
import type { RunContext } from './context.ts';
import type { Measured } from './recorder.ts';
import { runSessions } from './sessions.ts';
import { runStreams } from './streams.ts';
import { runWatch } from './watchFanOut.ts';

export function runOnce(context: RunContext): Promise<Measured> {
  switch (context.options.workload) {
    case 'watch':
      return runWatch(context);
    case 'session':
      return runSessions(context);
    default:
      return runStreams(context);
  }
}
