// Gathers operations for one multi.

import type {
  CallOptions,
  CreatePartOptions,
  Data,
  Operation,
  OperationResult,
  Transaction,
} from './api.ts';

export class TransactionBuilder implements Transaction {
  readonly #operations: Operation[] = [];
  readonly #commit: (
    operations: readonly Operation[],
    options?: CallOptions,
  ) => Promise<OperationResult[]>;

  constructor(
    commit: (operations: readonly Operation[], options?: CallOptions) => Promise<OperationResult[]>,
  ) {
    this.#commit = commit;
  }

  create(path: string, data: Data = null, options: CreatePartOptions = {}) {
    this.#operations.push({ op: 'create', path, data, ...options });
    return this;
  }

  delete(path: string, version = -1) {
    this.#operations.push({ op: 'delete', path, version });
    return this;
  }

  set(path: string, data: Data, version = -1) {
    this.#operations.push({ op: 'set', path, data, version });
    return this;
  }

  check(path: string, version: number) {
    this.#operations.push({ op: 'check', path, version });
    return this;
  }

  commit(options?: CallOptions) {
    return this.#commit(this.#operations, options);
  }
}
