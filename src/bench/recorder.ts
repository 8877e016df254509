// Counts and times what falls into the measured part of a run.
import { build, type Histogram } from 'hdr-histogram-js';

/** Times in microseconds. */
export interface Latency {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** An hour: nothing that is timed here takes longer. */
const HIGHEST_US = 3_600_000_000;

const newHistogram = (): Histogram =>
  build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });

function latencyOf(histogram: Histogram): Latency {
  return {
    count: histogram.totalCount,
    mean: Math.round(histogram.mean * 10) / 10,
    p50: histogram.getValueAtPercentile(50),
    p95: histogram.getValueAtPercentile(95),
    p99: histogram.getValueAtPercentile(99),
    p999: histogram.getValueAtPercentile(99.9),
    max: histogram.maxValue,
  };
}

/** What one run measured. */
export interface Measured {
  /** Operations that were answered in the measured time. */
  readonly operations: number;
  readonly seconds: number;
  readonly opsPerSecond: number;
  /** Of all operations; of a watch: from the change to the last notification. */
  readonly latencyUs: Latency;
  /** Of each kind on its own, where there are several. */
  readonly byKindUs: Readonly<Record<string, Latency>>;
  /** CPU of this program for one operation: what the generator itself costs. */
  readonly clientCpuUsPerOp: number;
}

export class Recorder {
  readonly #names: readonly string[];
  readonly #histograms: readonly Histogram[];
  #isOn = false;
  #operations = 0;
  #startedAt = 0;
  #ms = 0;
  #cpuBefore = process.cpuUsage();
  #cpuUs = 0;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#histograms = names.map(newHistogram);
  }

  get operations(): number {
    return this.#operations;
  }

  start(): void {
    this.#isOn = true;
    this.#startedAt = performance.now();
    this.#cpuBefore = process.cpuUsage();
  }

  /** Only what was recorded before counts. */
  stop(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#ms = performance.now() - this.#startedAt;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    this.#cpuUs = user + system;
  }

  /** `kind` is a place in the names; `operations` what it counts as. */
  record(kind: number, ms: number, operations = 1): void {
    if (!this.#isOn) return;
    this.#operations += operations;
    this.#histograms[kind]?.recordValue(Math.min(Math.round(ms * 1000), HIGHEST_US));
  }

  /** `main`: the kind that the figures are about; all kinds together without it. */
  result(main?: number): Measured {
    const all = newHistogram();
    const byKindUs: Record<string, Latency> = {};
    for (const [kind, histogram] of this.#histograms.entries()) {
      if (histogram.totalCount === 0) continue;
      byKindUs[this.#names[kind] ?? ''] = latencyOf(histogram);
      if (main === undefined || main === kind) all.add(histogram);
    }
    const seconds = this.#ms / 1000;
    return {
      operations: this.#operations,
      seconds,
      opsPerSecond: seconds === 0 ? 0 : this.#operations / seconds,
      latencyUs: latencyOf(all),
      byKindUs,
      clientCpuUsPerOp: this.#operations === 0 ? 0 : this.#cpuUs / this.#operations,
    };
  }
}
