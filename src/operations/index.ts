// The table of operations: everything that a client may ask for, by opcode.
import { check } from './check.ts';
import { getAllChildrenNumber, getChildren, getChildren2 } from './children.ts';
import { create, create2, createContainer, createTtl } from './create.ts';
import { exists } from './exists.ts';
import { getAcl } from './getAcl.ts';
import { getData } from './getData.ts';
import { multi } from './multi.ts';
import { multiRead } from './multiRead.ts';
import type { Operation } from './operation.ts';
import { reconfig } from './reconfig.ts';
import { remove } from './remove.ts';
import { getEphemerals, ping, sync, whoAmI } from './session.ts';
import { setAcl } from './setAcl.ts';
import { setData } from './setData.ts';
import { addWatch, checkWatches, removeWatches, setWatches, setWatches2 } from './watches.ts';

const table: readonly Operation[] = [
  create,
  create2,
  createContainer,
  createTtl,
  remove,
  setData,
  setAcl,
  check,
  multi,
  reconfig,
  getData,
  exists,
  getChildren,
  getChildren2,
  getAllChildrenNumber,
  getAcl,
  multiRead,
  getEphemerals,
  whoAmI,
  sync,
  ping,
  setWatches,
  setWatches2,
  addWatch,
  removeWatches,
  checkWatches,
];

/** Missing here: auth, closeSession and sasl, which are about the connection (see replica/reception). */
export const operations: ReadonlyMap<number, Operation> = new Map(
  table.map((operation) => [operation.opcode, operation]),
);
