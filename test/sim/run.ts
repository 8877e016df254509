// `npm run sim -- --seed N --servers 5 --trace`: replays a seed; without --seed it runs seeds until stopped.
import { optionsOf, type SimOptions } from './options.ts';
import { type RunResult, World } from './world.ts';

const TRACE_LINES = 20_000;

export interface Outcome {
  readonly result: RunResult | null;
  readonly error: Error | null;
  readonly world: World;
}

export function runSeed(seed: number, fixed: Partial<SimOptions> = {}, traceLines = 0): Outcome {
  const world = new World(optionsOf(seed, fixed), traceLines);
  try {
    return { result: world.run(), error: null, world };
  } catch (error) {
    return { result: null, error: error as Error, world };
  }
}
export { TRACE_LINES };
