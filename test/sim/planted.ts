// What is bundled with a planted bug in it: a run, and the search for a smaller one.
export { runSeed } from './run.ts';
export { shrink } from './shrink.ts';
