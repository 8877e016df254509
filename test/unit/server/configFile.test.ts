// Which file a verb takes.
import { expect, test } from 'vitest';
import { findConfig } from '../../../src/server/configFile.ts';

const having =
  (...files: string[]) =>
  (path: string) =>
    files.includes(path);

test.each([
  { given: './conf/z1.cfg', files: [], taken: './conf/z1.cfg' },
  { given: '../conf/z2.cfg', files: [], taken: '../conf/z2.cfg' },
  { given: '/etc/zk/a.cfg', files: [], taken: '/etc/zk/a.cfg' },
  { given: './z1.cfg', files: ['/etc/zk/z1.cfg'], taken: './z1.cfg' },
  { given: 'z1.cfg', files: ['/home/z1.cfg', '/home/conf/z1.cfg'], taken: 'z1.cfg' },
  { given: 'z1.cfg', files: ['/home/conf/z1.cfg'], taken: 'conf/z1.cfg' },
  { given: 'z1.cfg', files: [], taken: 'z1.cfg' },
  { given: undefined, files: ['/home/conf/zoo.cfg', '/home/zoo.cfg'], taken: 'conf/zoo.cfg' },
  { given: undefined, files: ['/home/zoo.cfg'], taken: 'zoo.cfg' },
  { given: undefined, files: [], taken: 'conf/zoo.cfg' },
])('of $files, $given means $taken', ({ given, files, taken }) => {
  const place = { cwd: '/home', configDir: undefined };
  expect(findConfig(given, place, having(...files))).toBe(taken);
});

test('a bare name is looked for in the directory of configurations first', () => {
  const place = { cwd: '/home', configDir: '/etc/zk' };
  const exists = having('/etc/zk/z1.cfg', '/home/z1.cfg', '/home/z2.cfg');
  expect(findConfig('z1.cfg', place, exists)).toBe('/etc/zk/z1.cfg');
  expect(findConfig('z2.cfg', place, exists)).toBe('z2.cfg');
  expect(findConfig('z3.cfg', place, exists)).toBe('/etc/zk/z3.cfg');
  expect(findConfig(undefined, place, exists)).toBe('/etc/zk/zoo.cfg');
});
