// ACLs as the shell writes them: `scheme:id:perms`, separated by commas (AclParser), and how getAcl prints them.
import type { Acl } from '../client/api.ts';
import { usageError } from './cliError.ts';

/** Bits of ZooDefs.Perms, in the order in which they are printed. */
const PERMISSIONS = [
  ['c', 4],
  ['d', 8],
  ['r', 1],
  ['w', 2],
  ['a', 16],
] as const;

function parsePerms(text: string): number {
  let perms = 0;
  for (const char of text) {
    const bit = PERMISSIONS.find(([letter]) => letter === char)?.[1];
    // Apache goes on and creates a node that nobody may touch.
    if (bit === undefined)
      throw usageError(`Unknown perm type: ${char}`, 'the letters are c d r w a');
    perms |= bit;
  }
  return perms;
}

function parseOne(text: string): Acl {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first === last) {
    throw usageError(`${text} does not have the form scheme:id:perm`, 'as in world:anyone:cdrwa');
  }
  return {
    perms: parsePerms(text.slice(last + 1)),
    id: { scheme: text.slice(0, first), id: text.slice(first + 1, last) },
  };
}

/** Throws a usage error for the first part that is wrong, so that nothing is sent. */
export const parseAcl = (text: string): Acl[] => text.split(',').map(parseOne);

export const permsText = (perms: number): string =>
  PERMISSIONS.filter(([, bit]) => (perms & bit) !== 0)
    .map(([letter]) => letter)
    .join('');

/** `'world,'anyone` and `: cdrwa`, in two lines as jute's Id.toString makes them. */
export const aclText = (acl: Acl): string =>
  `'${acl.id.scheme},'${acl.id.id}\n: ${permsText(acl.perms)}`;

export const aclJson = (acl: Acl) => ({
  scheme: acl.id.scheme,
  id: acl.id.id,
  perms: permsText(acl.perms),
});
