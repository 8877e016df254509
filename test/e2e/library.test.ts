// The built package as a program sees it: `import ... from 'zookeeper-ts'`.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const repository = join(import.meta.dirname, '../..');

/** Prints every module that the program loads. */
const hooks = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  export async function load(url, context, next) {
    writeSync(1, 'LOADED ' + url + '\\n');
    return next(url, context);
  }`)}`;

const program = `
  import { register } from 'node:module';
  register(${JSON.stringify(hooks)});
  const { connect, createClient, ZkError } = await import('zookeeper-ts');
  const client = createClient('127.0.0.1:1/app', { sessionTimeout: 1000 });
  await client.close();
  console.log('STATE', client.state, typeof connect, typeof ZkError);
`;

test('it loads none of the packages of the shell or the server, and ends when its client is closed', () => {
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: repository,
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(output).toContain('STATE closed function function');
  const loaded = [...output.matchAll(/^LOADED (.*)$/gm)].map(([, url = '']) => url);
  expect(loaded.some((url) => url.endsWith('/dist/client/index.js'))).toBe(true);
  const strangers = loaded.filter(
    (url) => !url.startsWith('node:') && !/\/dist\/(client|wire|base)\/[^/]+\.js$/.test(url),
  );
  expect(strangers).toEqual([]);
});
