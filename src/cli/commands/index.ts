// The list of all commands, in the order of `help`; a new command is a file here and a line below.
import type { Command } from '../command.ts';
import { addauth, getAcl, setAcl } from './acl.ts';
import { getAllChildrenNumber, getEphemerals, sync, whoami } from './ask.ts';
import { config, reconfig } from './config.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { deleteall } from './deleteall.ts';
import { get } from './get.ts';
import { help } from './help.ts';
import { history, redo } from './history.ts';
import { lab } from './lab.ts';
import { ls, ls2 } from './ls.ts';
import { delquota, listquota, setquota } from './quota.ts';
import { close, connect, crash, quit } from './session.ts';
import { set } from './set.ts';
import { stat } from './stat.ts';
import { prompt, version } from './version.ts';
import { await_, sleep } from './wait.ts';
import { addWatch, printwatches, removewatches } from './watches.ts';

export const COMMANDS: readonly Command[] = [
  ls,
  ls2,
  get,
  stat,
  getEphemerals,
  getAllChildrenNumber,
  sync,
  config,
  create,
  set,
  remove,
  deleteall,
  addWatch,
  removewatches,
  printwatches,
  await_,
  getAcl,
  setAcl,
  addauth,
  whoami,
  setquota,
  listquota,
  delquota,
  reconfig,
  connect,
  close,
  quit,
  crash,
  help,
  history,
  redo,
  sleep,
  lab,
  prompt,
  version,
];
