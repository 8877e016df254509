// Runs our shell inside the test process, against a server, and keeps what it printed.

import type { ClientFactory } from '../../src/cli/sessionSlot.ts';
import { Shell, type ShellOptions } from '../../src/cli/shell.ts';
import { MemorySink } from '../../src/cli/sink.ts';
import { createClient } from '../../src/client/index.ts';
import { runLab } from '../../src/lab/command.ts';

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

export class RunningShell {
  readonly shell: Shell;
  readonly out: MemorySink;
  readonly err: MemorySink;

  constructor(
    server: string,
    options: Partial<ShellOptions> = {},
    client: ClientFactory = createClient,
  ) {
    const isTerminal = options.mode === 'terminal';
    this.out = new MemorySink(isTerminal);
    this.err = new MemorySink(isTerminal);
    this.shell = new Shell(
      {
        server,
        timeoutMs: 30_000,
        connectTimeoutMs: 10_000,
        readOnly: false,
        auth: [],
        mode: 'script',
        waitForConnection: false,
        json: false,
        quiet: true,
        language: 'en',
        autoReconnect: false,
        debug: false,
        ...options,
      },
      { out: this.out, err: this.err, client, lab: runLab },
    );
  }

  /** What one line printed, with the status it gave. */
  async line(text: string): Promise<Printed> {
    return await this.#printed(() => this.shell.execute(text));
  }

  async words(words: readonly string[]): Promise<Printed> {
    return await this.#printed(() => this.shell.executeWords(words));
  }

  async #printed(run: () => Promise<number>): Promise<Printed> {
    const status = await run();
    return { stdout: this.out.take(), stderr: this.err.take(), status };
  }
}
