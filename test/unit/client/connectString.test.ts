// Connect strings, and paths with their chroot.
import { expect, test } from 'vitest';
import { validatePath as pathFault } from '../../../src/base/path.ts';
import { parseConnectString } from '../../../src/client/connectString.ts';
import { PathError } from '../../../src/client/errors.ts';
import { withChroot, withoutChroot } from '../../../src/client/path.ts';

const names = (text: string) => parseConnectString(text).hosts.map(({ name }) => name);

test('hosts are a comma list, 2181 when no port is given', () => {
  expect(names('ip104:2181,ip105,ip106:2183')).toEqual(['ip104:2181', 'ip105:2181', 'ip106:2183']);
  expect(names(' a:1 , b:2,')).toEqual(['a:1', 'b:2']);
  expect(names('a:')).toEqual(['a:2181']);
});

test('an IPv6 address stands in brackets', () => {
  expect(parseConnectString('[::1]:2182,[fe80::1]').hosts).toEqual([
    { host: '::1', port: 2182, name: '[::1]:2182' },
    { host: 'fe80::1', port: 2181, name: '[fe80::1]:2181' },
  ]);
});

test('a chroot follows the last host, and a single slash is none', () => {
  expect(parseConnectString('a:1,b:2/app/one')).toMatchObject({ chroot: '/app/one' });
  expect(parseConnectString('a:1/')).toMatchObject({ chroot: '' });
});

test.each([
  ['', '"" names no server'],
  ['/app', '"/app" names no server'],
  [':2181', '":2181": no host name'],
  ['a:port', 'a:port: "port" is not a port'],
  ['a:0', 'a:0: "0" is not a port'],
  ['a:65536', 'a:65536: "65536" is not a port'],
  ['::1:2181', '::1:2181: an IPv6 address needs brackets, as in [::1]:2181'],
  ['[]:2181', '[]:2181: no address in the brackets'],
  ['a:1/app/', 'Path must not end with / character'],
])('%j is refused: %s', (text, message) => {
  expect(() => parseConnectString(text)).toThrow(message);
});

test('a chroot that is no path is a PathError', () => {
  expect(() => parseConnectString('a:1/x//y')).toThrow(PathError);
});

test.each([
  ['/', null],
  ['/a', null],
  ['/a.b/..c/d..', null],
  ['/中文/☃', null],
  ['', 'Path length must be > 0'],
  ['a', 'Path must start with / character'],
  ['/a/', 'Path must not end with / character'],
  ['/a//b', 'Invalid path string "/a//b" caused by empty node name specified @3'],
  ['/a/./b', 'Invalid path string "/a/./b" caused by relative paths not allowed @3'],
  ['/a/..', 'Invalid path string "/a/.." caused by relative paths not allowed @4'],
  ['/a\u0000', 'Invalid path string "/a\u0000" caused by null character not allowed @2'],
  ['/a\u001f', 'Invalid path string "/a\u001f" caused by invalid character @2'],
  ['/\ud83d\ude00', 'Invalid path string "/\ud83d\ude00" caused by invalid character @1'],
  ['/\uffff', 'Invalid path string "/\uffff" caused by invalid character @1'],
])('the path %j: %s', (path, fault) => {
  expect(pathFault(path)).toBe(fault);
});

test('only a sequential create may end in a slash', () => {
  expect(pathFault('/a/', true)).toBeNull();
  expect(pathFault('/a/')).not.toBeNull();
});

test('the chroot goes on and comes off again', () => {
  for (const path of ['/', '/a', '/a/b']) {
    expect(withoutChroot('/app', withChroot('/app', path))).toBe(path);
    expect(withoutChroot('', withChroot('', path))).toBe(path);
  }
  expect(withChroot('/app', '/')).toBe('/app');
  expect(withoutChroot('/app', '/apple')).toBe('/apple');
  expect(withoutChroot('/app', '/zookeeper/config')).toBe('/zookeeper/config');
});
