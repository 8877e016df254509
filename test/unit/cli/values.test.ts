// Words that stand for something: numbers, durations, watch flags, ACLs, quotas, bytes, errors.
import { describe, expect, it } from 'vitest';
import { aclText, parseAcl, permsText } from '../../../src/cli/acl.ts';
import { dataJson, escapeControls, hexDump } from '../../../src/cli/bytes.ts';
import { failureOf } from '../../../src/cli/errors.ts';
import { languageOf } from '../../../src/cli/language.ts';
import { parseLimits, writeLimits } from '../../../src/cli/quotaText.ts';
import { kindOf } from '../../../src/cli/stat.ts';
import { parseDuration, parseInteger } from '../../../src/cli/values.ts';
import { ZkError } from '../../../src/client/errors.ts';
import { ErrorCode } from '../../../src/wire/errors.ts';

describe('parseInteger', () => {
  it('takes 32-bit integers and names what is none', () => {
    expect(parseInteger('-1', '-v')).toBe(-1);
    expect(() => parseInteger('abc', '-v')).toThrow('Not a number for -v: abc');
    expect(() => parseInteger('2147483648', '-v')).toThrow(
      'Out of range for -v: 2147483648 (from -2147483648 to 2147483647)',
    );
    expect(() => parseInteger('', '-v')).toThrow();
    expect(() => parseInteger('0', '-b', 1)).toThrow(
      'Out of range for -b: 0 (from 1 to 2147483647)',
    );
  });
});

describe('parseDuration', () => {
  it('takes units, and seconds without one', () => {
    expect(['500ms', '10s', '2m', '1h', '3', '0.5s'].map(parseDuration)).toEqual([
      500, 10_000, 120_000, 3_600_000, 3000, 500,
    ]);
    for (const text of ['', 's', '-1s', '10 s', '1d', '99999999h']) {
      expect(() => parseDuration(text), text).toThrow(`Not a duration: ${text}`);
    }
  });
});

describe('ACLs', () => {
  it('are read and printed as Apache does', () => {
    const acl = parseAcl('world:anyone:r,digest:bob:G5mR=:cdrwa,ip:::1:rw');
    expect(acl).toEqual([
      { perms: 1, id: { scheme: 'world', id: 'anyone' } },
      { perms: 31, id: { scheme: 'digest', id: 'bob:G5mR=' } },
      { perms: 3, id: { scheme: 'ip', id: '::1' } },
    ]);
    expect(aclText(acl[1]!)).toBe("'digest,'bob:G5mR=\n: cdrwa");
    expect(permsText(31)).toBe('cdrwa');
  });

  it('are refused as a whole when one part is wrong', () => {
    expect(() => parseAcl('bad')).toThrow('bad does not have the form scheme:id:perm');
    expect(() => parseAcl('world:anyone')).toThrow(
      'world:anyone does not have the form scheme:id:perm',
    );
    expect(() => parseAcl('world:anyone:r,world:anyone:z')).toThrow('Unknown perm type: z');
  });
});

describe('quota texts', () => {
  it('come out in the order in which Apache 3.8 writes them', () => {
    const text = 'count=2,bytes=-1=;byteHardLimit=10;countHardLimit=-1';
    expect(writeLimits(parseLimits(text))).toBe(text);
    expect(writeLimits(parseLimits('count=1,bytes=3'))).toBe('count=1,bytes=3');
    expect(parseLimits('count=,bytes=7').get('count')).toBe(-1);
  });
});

describe('bytes', () => {
  it('cannot steer a terminal', () => {
    expect(escapeControls('a\u001b[2Jb\u0007\tc\nd\u009b')).toBe('a\\x1b[2Jb\\x07\tc\nd\\x9b');
    expect(escapeControls('one\r\ntwo\rhidden')).toBe('one\r\ntwo\\x0dhidden');
    expect(escapeControls('中文 ✓')).toBe('中文 ✓');
  });

  it('are text in JSON when they are UTF-8 and base64 when not', () => {
    expect(dataJson(Buffer.from('数据'))).toEqual({ data: '数据' });
    expect(dataJson(Buffer.from([0xff, 0xfe]))).toEqual({ data_base64: '//4=' });
    expect(dataJson(null)).toEqual({ data: null });
    expect(dataJson(null, '-x')).toEqual({ data: null });
  });

  it('are in JSON what -b and -x ask for, even when they are text', () => {
    expect(dataJson(Buffer.from('ab'), '-b')).toEqual({ data_base64: 'YWI=' });
    expect(dataJson(Buffer.from('ab'), '-x')).toEqual({ data_hex: '6162' });
    expect(dataJson(Buffer.from('ab'), '-j')).toEqual({ data: 'ab' });
  });

  it('are dumped sixteen to a row', () => {
    const rows = hexDump(Buffer.from('0123456789abcdef\u0000z')).split('\n');
    expect(rows).toEqual([
      '00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef',
      `00000010  00 7a${' '.repeat(42)}  .z`,
    ]);
  });
});

describe('failures', () => {
  const cases: readonly (readonly [keyof typeof ErrorCode, string, number])[] = [
    ['noNode', 'Node does not exist: /a', 1],
    ['nodeExists', 'Node already exists: /a', 1],
    ['notEmpty', 'Node not empty: /a', 1],
    ['noChildrenForEphemerals', 'Ephemerals cannot have children: /a', 1],
    ['badVersion', 'version No is not valid : /a', 1],
    ['noAuth', 'Insufficient permission : /a', 4],
    ['invalidAcl', 'Acl is not valid : /a', 1],
    ['badArguments', 'Arguments are not valid : /a', 1],
    ['notReadOnly', 'Not a read-only call: /a', 1],
    ['quotaExceeded', 'Quota has exceeded : /a', 1],
    ['connectionLoss', 'KeeperErrorCode = ConnectionLoss for /a', 3],
    ['sessionExpired', 'KeeperErrorCode = Session expired for /a', 5],
    ['authFailed', 'KeeperErrorCode = AuthFailed for /a', 4],
    ['unimplemented', 'KeeperErrorCode = Unimplemented for /a', 1],
    ['noWatcher', 'KeeperErrorCode = No such watcher for /a', 1],
    ['reconfigDisabled', 'KeeperErrorCode = Reconfig is disabled for /a', 1],
  ];
  for (const [code, message, status] of cases) {
    it(`say "${message}" and leave with ${status}`, () => {
      const failure = failureOf(new ZkError(ErrorCode[code], 'get', '/a'));
      expect([failure.message, failure.status]).toEqual([message, status]);
    });
  }
});

describe('kindOf', () => {
  it('reads the kind out of the owner', () => {
    const kinds = [0n, 0x100000000000001n, -(1n << 63n), 1n << 63n, 0xff00000000002710n].map(
      (ephemeralOwner) => kindOf({ ephemeralOwner } as never),
    );
    expect(kinds).toEqual(['persistent', 'ephemeral', 'container', 'container', 'ttl']);
  });
});

describe('languageOf', () => {
  it('goes by the option, then by the locale', () => {
    expect(languageOf('zh', {})).toBe('zh');
    expect(languageOf(undefined, { LANG: 'zh_CN.UTF-8' })).toBe('zh');
    expect(languageOf('en', { LANG: 'zh_CN.UTF-8' })).toBe('en');
    expect(languageOf(undefined, { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' })).toBe('en');
    expect(languageOf(undefined, {})).toBe('en');
  });
});
