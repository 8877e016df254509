// An empty state as every simulated server has it: TTL znodes are switched on.
import { State } from '../../src/state/state.ts';
import { DEFAULT_TREE_OPTIONS } from '../../src/state/treeOptions.ts';

export const newState = (): State => new State({ ...DEFAULT_TREE_OPTIONS, extendedTypes: true });
