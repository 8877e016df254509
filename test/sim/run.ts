// One run of one seed, from the start to the comparison at the end.
import { optionsOf, type SimOptions } from './options.ts';
import { type RunResult, World } from './world.ts';

export interface Outcome {
  /** Null when a promise was broken, or a server broke an invariant of its own. */
  readonly result: RunResult | null;
  readonly error: Error | null;
  readonly world: World;
}

/**
 * @param fixed options that the seed does not choose
 * @param traceLines how many of the last events are kept as lines
 */
export function runSeed(seed: number, fixed: Partial<SimOptions> = {}, traceLines = 0): Outcome {
  const world = new World(optionsOf(seed, fixed), traceLines);
  try {
    return { result: world.run(), error: null, world };
  } catch (error) {
    return { result: null, error: error as Error, world };
  }
}
