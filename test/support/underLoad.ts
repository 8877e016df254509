// An ensemble under load for a whole test file: after each fault all is checked, and the load goes on.
import { afterAll, beforeAll, expect, onTestFailed } from 'vitest';
import { Ensemble, type EnsembleOptions } from './ensemble.ts';
import { Load } from './ensembleLoad.ts';
import { faultsOf } from './loadChecker.ts';

/**
 * In ms. Clients give up a server that is silent for two thirds of this, and the leader may have heard of
 * them last when the trees before were compared: that has to fit into the rest.
 */
const SESSION_TIMEOUT = 12_000;

export class UnderLoad {
  ensemble: Ensemble = null as never;
  load: Load = null as never;
  readonly seed = Number(process.env.ZK_SEED ?? Date.now() % 100_000);

  async start(options: EnsembleOptions, workers?: number): Promise<void> {
    this.ensemble = await Ensemble.start(options);
    this.load = new Load(this.seed, (server) => this.ensemble.heedsSync(server));
    await this.load.start(this.ensemble.hosts(), workers, SESSION_TIMEOUT);
  }

  async close(): Promise<void> {
    await this.load?.close();
    await this.ensemble?.close();
  }

  /** Call first in a test: shows what there is to see when it fails. */
  watched(): void {
    onTestFailed(() => console.log(`seed ${this.seed}\n${this.ensemble.logs(8000)}`));
  }

  /** Clients have carried on; all servers serve and are the same; nothing acknowledged is lost. */
  async allIsWell(): Promise<void> {
    const { ensemble, load } = this;
    await ensemble.whole();
    await load.carriedOn();
    await load.stop();
    try {
      const tree = await ensemble.sameTrees();
      expect(faultsOf(load, tree)).toEqual([]);
    } finally {
      load.resume(); // else the next tests fail for want of it
    }
  }
}

/** An ensemble that the tests of a file share. */
export function underLoad(options: EnsembleOptions, workers?: number): UnderLoad {
  const shared = new UnderLoad();
  beforeAll(() => shared.start(options, workers));
  afterAll(() => shared.close());
  return shared;
}
