// kazoo, the Python client: its calls and its recipes against the server under test.
import { join } from 'node:path';
import { foreignSuite } from '../support/foreign.ts';
import { python } from '../support/peers.ts';

const program = (name: string) => [python, '-B', join(import.meta.dirname, 'python', `${name}.py`)];

foreignSuite({
  title: "kazoo's client",
  needs: ['kazoo'],
  command: () => program('kazooClient'),
});

foreignSuite({
  title: "kazoo's recipes",
  needs: ['kazoo'],
  command: () => program('kazooRecipes'),
});
