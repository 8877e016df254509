import { describe, expect, it } from 'vitest';
import { checkAcl, maskAcl } from '../../../src/state/acl.ts';
import {
  authenticate,
  DEFAULT_AUTH_OPTIONS,
  digestIdOf,
  ipId,
  isValidId,
  matchesId,
} from '../../../src/state/auth.ts';
import { isInNetwork, parseAddress } from '../../../src/state/ip.ts';

const options = DEFAULT_AUTH_OPTIONS;
const acl = (scheme: string, id: string, perms = 31) => [{ perms, id: { scheme, id } }];

describe('addresses', () => {
  it('are read in all their forms, and nothing else is', () => {
    expect(parseAddress('1.2.3.4')).toEqual([1, 2, 3, 4]);
    expect(parseAddress('::ffff:1.2.3.4')).toEqual([1, 2, 3, 4]);
    expect(parseAddress('::1')).toEqual([...new Array(15).fill(0), 1]);
    expect(parseAddress('fe80::1%eth0')?.slice(0, 2)).toEqual([0xfe, 0x80]);
    expect(parseAddress('1:2:3:4:5:6:7:8')).toHaveLength(16);
    for (const bad of [
      '',
      ':',
      ':::',
      '1::2::3',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      'g::',
      '1.2.3',
      '::1.2.3',
    ]) {
      expect([bad, parseAddress(bad)]).toEqual([bad, null]);
    }
  });

  it('are in networks of their own family (ZOOKEEPER-4240)', () => {
    expect(isInNetwork('2001:db8::7', '2001:db8::/32')).toBe(true);
    expect(isInNetwork('2001:db9::7', '2001:db8::/32')).toBe(false);
    expect(isInNetwork('2001:dbf::7', '2001:db8::/29')).toBe(true);
    expect(isInNetwork('127.0.0.1', '::/0')).toBe(false);
    expect(isInNetwork('::ffff:10.0.0.1', '10.0.0.0/8')).toBe(true);
    expect(isValidId('ip', '::1/128', options)).toBe(true);
    expect(isValidId('ip', '::1/129', options)).toBe(false);
    expect(matchesId('ip', '0:0:0:0:0:0:0:1', '::1')).toBe(true);
  });

  it('make the first id of a connection, as Java writes them', () => {
    expect(ipId('::ffff:127.0.0.1')).toEqual({ scheme: 'ip', id: '127.0.0.1' });
    expect(ipId('::1')).toEqual({ scheme: 'ip', id: '0:0:0:0:0:0:0:1' });
  });
});

describe('authentication', () => {
  const auth = (text: string, scheme = 'digest', more = {}) =>
    authenticate(scheme, Buffer.from(text), '127.0.0.1', { ...options, ...more });

  it('by digest adds an id, and that of the super user to its password', () => {
    const superDigest = digestIdOf('super:secret');
    expect(superDigest).toBe('super:lK75jTNcA+U9vtVEw5vB51mj/w4=');
    expect(auth('user:x', 'digest', { superDigest })).toEqual([
      { scheme: 'digest', id: digestIdOf('user:x') },
    ]);
    expect(auth('super:secret', 'digest', { superDigest })).toEqual([
      { scheme: 'super', id: '' },
      { scheme: 'digest', id: superDigest },
    ]);
    expect(auth('super:secret')).toHaveLength(1);
  });

  it('fails by an unknown scheme, without bytes, or when digests are off', () => {
    expect(auth('x', 'kerberos')).toBe(null);
    expect(auth('x', 'super')).toBe(null);
    expect(authenticate(null, Buffer.from('x'), '127.0.0.1')).toBe(null);
    expect(authenticate('digest', null, '127.0.0.1')).toBe(null);
    expect(auth('user:x', 'digest', { digestEnabled: false })).toBe(null);
    expect(auth('', 'ip')).toEqual([{ scheme: 'ip', id: '127.0.0.1' }]);
  });
});

describe('an ACL', () => {
  it('binds nobody when checks are switched off, and not the super user', () => {
    const list = acl('digest', 'a:b');
    expect(checkAcl(options, list, 1, [])).toBe(false);
    expect(checkAcl({ ...options, skipAcl: true }, list, 1, [])).toBe(true);
    expect(checkAcl(options, list, 1, [{ scheme: 'super', id: '' }])).toBe(true);
    expect(checkAcl(options, [], 1, [])).toBe(true);
  });

  it('of a scheme that is not switched on lets nobody in', () => {
    const ids = [{ scheme: 'x509', id: 'CN=a' }];
    expect(checkAcl(options, acl('x509', 'CN=a'), 1, ids)).toBe(false);
    const more = { ...options, moreSchemes: ['x509'] };
    expect(checkAcl(more, acl('x509', 'CN=a'), 1, ids)).toBe(true);
    expect([isValidId('x509', 'CN=a', more), isValidId('x509', 'CN=a', options)]).toEqual([
      true,
      false,
    ]);
  });

  it('is shown without hashes of passwords (ZOOKEEPER-1392)', () => {
    expect(maskAcl([...acl('digest', 'user:hash'), ...acl('ip', '::1')])).toEqual([
      ...acl('digest', 'user:x'),
      ...acl('ip', '::1'),
    ]);
  });
});
