// Names of the files in version-2, as Apache's Util makes and reads them.
import { hex, type Zxid, zxid } from '../../base/ids.ts';

/** The directory below dataDir and dataLogDir that holds snapshots and logs. */
export const VERSION_DIR = 'version-2';

export const logName = (first: Zxid): string => `log.${hex(first)}`;
export const snapshotName = (last: Zxid): string => `snapshot.${hex(last)}`;
/** Of a snapshot being written: Apache must not take it for one, so no `snapshot.` in front. */
export const temporaryName = (name: string): string => `writing-${name}`;
export const isTemporaryName = (name: string): boolean => name.startsWith('writing-');

export interface NumberedFile {
  name: string;
  zxid: Zxid;
}

/** The logs among `names`, oldest first. */
export const logsAmong = (names: readonly string[]): NumberedFile[] => numbered(names, LOG);

/** The snapshots among `names`, newest first; compressed ones too. */
export const snapshotsAmong = (names: readonly string[]): NumberedFile[] =>
  numbered(names, SNAPSHOT).reverse();

const LOG = /^log\.([0-9a-f]{1,16})$/;
const SNAPSHOT = /^snapshot\.([0-9a-f]{1,16})(\.gz|\.snappy)?$/;

function numbered(names: readonly string[], form: RegExp): NumberedFile[] {
  const files: NumberedFile[] = [];
  for (const name of names) {
    const digits = form.exec(name)?.[1];
    if (digits !== undefined) files.push({ name, zxid: zxid(BigInt(`0x${digits}`)) });
  }
  return files.sort((a, b) => (a.zxid < b.zxid ? -1 : a.zxid > b.zxid ? 1 : 0));
}
