// Access control lists that come again are one object; any other is read for itself.
import { expect, it } from 'vitest';
import { Reader, Writer } from '../../../src/wire/bytes.ts';
import { type Acl, AclVector, SharedAclVector } from '../../../src/wire/data.ts';

const acl = (perms: number, id: string): Acl => ({ perms, id: { scheme: 'digest', id } });

function bytesOf(list: Acl[] | null): Buffer {
  const out = new Writer();
  AclVector.write(out, list);
  out.int(7);
  return out.copy();
}

/** Reads it as a client's request has it, with something behind it. */
function read(list: Acl[] | null): readonly Acl[] | null {
  const reader = new Reader(bytesOf(list));
  const result = SharedAclVector.read(reader);
  expect(reader.int()).toBe(7);
  expect(reader.remaining).toBe(0);
  return result;
}

it('reads each list as it is, whatever came before', () => {
  const lists = [
    [acl(31, 'a:b')],
    [acl(31, 'a:b')],
    [acl(30, 'a:b')],
    [acl(31, 'a:b'), acl(1, 'c')],
    [acl(31, 'a:b')],
    [],
    [],
    null,
    [acl(31, 'x'.repeat(100))],
    [acl(31, 'x'.repeat(100))],
    [acl(1, 'y')],
    null,
    [acl(1, 'y')],
  ];
  for (const list of lists) expect(read(list)).toEqual(list);
});

it('gives the same object for the same bytes', () => {
  expect(read([acl(31, 'a:b')])).toBe(read([acl(31, 'a:b')]));
});

it('does not take a list that is cut short for the one before', () => {
  const whole = bytesOf([acl(31, 'a:b')]);
  SharedAclVector.read(new Reader(whole));
  const cut = new Reader(whole, 0, whole.length - 5);
  expect(() => SharedAclVector.read(cut)).toThrow('bytes wanted');
});
