// Whether a read shows what was there: all fields of its Stat, the data, the number of children.
import type { Stat } from '../../../src/wire/data.ts';
import { Perm } from '../../../src/wire/opcodes.ts';
import { permits, textOf } from '../access.ts';
import type { Request, Shown } from '../requests.ts';
import { demand } from '../violation.ts';
import type { Version } from './pathHistories.ts';

const FIELDS = [
  'czxid',
  'mzxid',
  'pzxid',
  'ctime',
  'mtime',
  'version',
  'cversion',
  'aversion',
  'ephemeralOwner',
  'dataLength',
  'numChildren',
] as const satisfies readonly (keyof Stat)[];

export function readsExactly(
  request: Extract<Request, { type: 'read' }>,
  shown: Shown | null,
  was: Version | null,
  user: string | null,
  what: () => string,
): void {
  const stat = shown?.stat ?? null;
  demand((stat === null) === (was === null), 'C4', () => {
    return `${what()}: ${stat === null ? 'nothing' : 'a znode'} instead of ${was === null ? 'nothing' : 'a znode'}`;
  });
  if (stat === null || was === null) return;
  for (const field of FIELDS) {
    demand(stat[field] === was[field], 'C4', () => {
      return `${what()}: ${field} ${stat[field]} instead of ${was[field]}`;
    });
  }
  const needed = request.how === 'acl' ? Perm.read | Perm.admin : Perm.read;
  demand(permits(was.acl, needed, user), 'C4', () => `${what()}: it may not`);
  if (request.how === 'acl') {
    const [shows, has] = [textOf(shown?.acl ?? []), textOf(was.acl)];
    demand(shows === has, 'C4', () => `${what()}: ${shows} instead of ${has}`);
  }
  if (request.how === 'data') {
    demand(
      shown?.data === was.data,
      'C4',
      () => `${what()}: ${shown?.data} instead of ${was.data}`,
    );
  }
  if (request.how === 'children') {
    const count = shown?.children?.length;
    demand(count === was.numChildren, 'C4', () => `${what()}: ${count} children`);
  }
}

/** A read was refused: there must be what the client may not see. */
export function isRefusedRightly(
  { how }: Extract<Request, { type: 'read' }>,
  was: Version | null,
  user: string | null,
): boolean {
  const needed = how === 'acl' ? Perm.read | Perm.admin : Perm.read;
  return was !== null && !permits(was.acl, needed, user);
}
