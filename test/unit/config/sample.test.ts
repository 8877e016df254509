// The shipped configuration files: the sample equals the table, and all of them are right.
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/index.ts';
import { sampleConfig } from '../../../src/config/sample.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The configuration of a shipped file, as started from the top folder. */
function shipped(path: string) {
  const result = loadConfig(path, root);
  if ('errors' in result) throw new Error(result.errors.join('\n'));
  return result;
}

describe('the shipped configuration files', () => {
  test('the sample is what the table says (npx vitest run test/unit/config -u rewrites it)', async () => {
    await expect(sampleConfig()).toMatchFileSnapshot('../../../conf/zoo_sample.cfg');
  });

  test('the sample is a standalone server without a warning', () => {
    const { config, warnings } = shipped('conf/zoo_sample.cfg');
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({ clientPort: 2181, isDistributed: false });
  });

  test('zoo.cfg is a standalone server whose data stays in the project', () => {
    const { config, warnings } = shipped('conf/zoo.cfg');
    expect(warnings).toEqual([]);
    expect(config.dataDir).toBe(`${root.replace(/\/$/, '')}/data/standalone`);
    expect(config).toMatchObject({ clientPort: 2181, isDistributed: false });
  });

  test('z1, z2 and z3 are the three servers of one ensemble, which can run on one machine', () => {
    const all = ['z1', 'z2', 'z3'].map((name) => shipped(`conf/${name}.cfg`));
    expect(all.map(({ config }) => config.myid)).toEqual([1, 2, 3]);
    expect(all.flatMap(({ warnings }) => warnings)).toEqual([]);
    expect(all.every(({ config }) => config.isDistributed)).toBe(true);
    expect(new Set(all.map(({ config }) => config.clientPort)).size).toBe(3);
    expect(new Set(all.map(({ config }) => config.dataDir)).size).toBe(3);
    const members = all.map(({ config }) =>
      config.ensemble.servers.map((server) => [server.id, server.addresses]),
    );
    expect(members[1]).toEqual(members[0]);
    expect(members[2]).toEqual(members[0]);
  });
});
