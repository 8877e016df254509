// Scenarios in text: commands, a line of dashes, and what happened; `vitest -u` writes the latter anew.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runScenario } from './scenario.ts';

const DIR = new URL('../scenarios/', import.meta.url);
const LINE = '\n----\n';

describe('scenario', () => {
  test.for(readdirSync(DIR).filter((name) => name.endsWith('.txt')))('%s', async (name) => {
    const path = new URL(name, DIR).pathname;
    const [commands = ''] = readFileSync(path, 'utf8').split(LINE);
    await expect(`${commands}${LINE}${runScenario(commands)}`).toMatchFileSnapshot(path);
  });
});
