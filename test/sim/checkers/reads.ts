// Whether a read shows what was there: all fields of its Stat, the data, the number of children.
import type { Stat } from '../../../src/wire/data.ts';
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
