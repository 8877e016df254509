// Keeps the membership beside the configuration: zoo.cfg.dynamic.VERSION, named by zoo.cfg, and zoo.cfg.dynamic.next.
import { readFileSync, rmSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Logger } from '../base/logger.ts';
import { withDynamicFile } from '../config/edit.ts';
import { NEXT_SUFFIX } from '../config/index.ts';
import { type Membership, printMembership } from '../wire/membership.ts';
import { type Disk, realDisk } from './storage/disk.ts';
import { writeFileNow } from './storage/sideFile.ts';

interface MembershipFilesOptions {
  /** The configuration, absolute. */
  readonly file: string;
  readonly id: number;
  readonly active: Membership;
  readonly pending: Membership | null;
  readonly logger: Logger;
  readonly disk?: Disk;
}

export class MembershipFiles {
  readonly #options: MembershipFilesOptions;
  readonly #disk: Disk;
  #active: bigint;
  #pending: bigint | null;

  constructor(options: MembershipFilesOptions) {
    this.#options = options;
    this.#disk = options.disk ?? realDisk;
    this.#active = options.active.version;
    this.#pending = options.pending?.version ?? null;
  }

  /** Saves a configuration that names its servers itself before the first change takes them out. */
  backUp(): void {
    const { file } = this.#options;
    const text = readFileSync(file, 'utf8');
    if (/^\s*dynamicConfigFile\s*[=:\s]/m.test(text)) return;
    this.#try('back it up', file, () => this.#write(`${basename(file)}.bak`, text));
  }

  /**
   * Each file is whole or not there, and zoo.cfg names the new one only once it is: whenever this is
   * interrupted, the next start finds one membership or the other. A disk that refuses is reported,
   * as by Apache's servers; what was proposed is in the log, too.
   */
  keep(active: Membership, pending: Membership | null): void {
    const { file } = this.#options;
    const next = `${basename(file)}${NEXT_SUFFIX}`;
    if (pending !== null && pending.version !== this.#pending) {
      this.#try('write', next, () => this.#write(next, linesOf(pending, true)));
    }
    if (active.version !== this.#active) this.#try('change', file, () => this.#activate(active));
    if (pending === null) rmSync(resolve(dirname(file), next), { force: true });
    this.#pending = pending?.version ?? null;
    this.#active = active.version;
  }

  #activate(active: Membership): void {
    const { file, id } = this.#options;
    // Without a place in its line only the keys say where clients connect.
    const dropsClient = active.servers.find((server) => server.id === id)?.client != null;
    const dynamic = `${basename(file)}.dynamic.${active.version.toString(16)}`;
    const text = readFileSync(file, 'utf8');
    this.#write(dynamic, linesOf(active, false));
    const place = resolve(dirname(file), dynamic);
    this.#write(basename(file), withDynamicFile(text, place, { dropsClient }));
  }

  #write(name: string, text: string): void {
    const dir = dirname(this.#options.file);
    // The disk writes bytes: what is not ASCII goes through as UTF-8.
    const bytes = Buffer.from(text, 'utf8').toString('latin1');
    writeFileNow(this.#disk, dir, name, bytes, `.${name}.writing`);
    this.#disk.syncDir(dir);
  }

  #try(what: string, file: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.logger.error(`${file}: cannot ${what}: ${(error as Error).message}`);
    }
  }
}

/** As QuorumPeerConfig.writeDynamicConfig: sorted lines; the version is in the name of the file. */
function linesOf(membership: Membership, withVersion: boolean): string {
  const lines = printMembership(membership).split('\n');
  return lines
    .filter((line) => withVersion || !line.startsWith('version='))
    .sort()
    .join('\n');
}
