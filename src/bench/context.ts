// What every workload is given.
import type { Progress } from './clock.ts';
import type { BenchOptions } from './options.ts';
import type { Servers } from './targets.ts';

export interface RunContext {
  readonly options: BenchOptions;
  readonly servers: Servers;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}
