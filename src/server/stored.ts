// What a server finds on its disk when it starts: a lone one its history, a member of an ensemble its epochs, too.
import type { Logger } from '../base/logger.ts';
import type { EnsembleServer } from '../config/ensemble.ts';
import type { Config } from '../config/index.ts';
import { State } from '../state/state.ts';
import { treeOptions } from './rules.ts';
import type { DataDir } from './storage/dataDir.ts';
import type { DataDirOptions } from './storage/dataDirOptions.ts';
import { type InitialState, type MemberDir, openMemberDir } from './storage/memberDir.ts';
import { openDataDir } from './storage/openDataDir.ts';

export interface StoredMember {
  readonly self: EnsembleServer;
  readonly dir: MemberDir;
  readonly initial: InitialState;
}

export interface Stored {
  readonly state: State;
  /** Log entries on top of the snapshot. */
  readonly entries: number;
  readonly data: DataDir;
  readonly member: StoredMember | null;
}

const dataOptions = (config: Config, logger: Logger): DataDirOptions => ({
  dataDir: config.dataDir,
  dataLogDir: config.dataLogDir,
  preAllocSize: config.preAllocSize * 1024,
  snapCount: config.snapCount,
  snapSizeLimit: config.snapSizeLimitInKb * 1024,
  txnLogSizeLimit: config.txnLogSizeLimitInKb * 1024,
  forceSync: config.forceSync,
  fsyncWarningMs: config['fsync.warningthresholdms'],
  trustEmptySnapshot: config['snapshot.trust.empty'],
  logger: logger.child('FileTxnSnapLog'),
});

/** Locks the directories and loads what is there; throws StorageError when that cannot be served from. */
export function openStored(config: Config, logger: Logger): Stored {
  const self = config.ensemble.servers.find(({ id }) => id === config.myid);
  if (config.isDistributed && self !== undefined) return openMember(config, logger, self);
  const state = new State(treeOptions(config));
  const data = openDataDir(dataOptions(config, logger));
  try {
    const { entries } = data.recover(state);
    return { state, entries, data, member: null };
  } catch (error) {
    void data.close();
    throw error;
  }
}

function openMember(config: Config, logger: Logger, self: EnsembleServer): Stored {
  const autoCreate = config['db.autocreate'];
  const dir = openMemberDir({ ...dataOptions(config, logger), autoCreate });
  try {
    const initial = dir.recover(() => new State(treeOptions(config)));
    const { state, entries } = initial;
    return { state, entries, data: dir.data, member: { self, dir, initial } };
  } catch (error) {
    void dir.close();
    throw error;
  }
}

export const closeStored = ({ data, member }: Stored): Promise<void> =>
  member === null ? data.close() : member.dir.close();
