// Turns a foreign test program into vitest cases: its result lines become passed and failed tests.
//
// The protocol is plain lines. `PROGRAM --list` prints the names of its tests. `PROGRAM host:port`
// runs them and prints `PASS name` or `FAIL name: why` for each. In between it may print
// `ASK restart` (or another word of `answers` below) and read a line from stdin when that is done.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missingPeer, type Peer, peersAreRequired } from './peers.ts';
import { endProcess, startProcess } from './processes.ts';
import { type ServerOptions, serverUnderTest, startServer, type TestServer } from './servers.ts';

export interface ForeignProgram {
  readonly title: string;
  readonly needs: Peer[];
  /** Compiles what must be compiled; gives the command line without its last argument. */
  readonly command: () => string[];
  readonly server?: ServerOptions;
}

/** Describes a suite that needs foreign software: skipped, or failed in CI, when that is missing. */
export function describeWithPeers(title: string, needs: Peer[], body: () => void): void {
  const all: Peer[] = serverUnderTest === 'apache' ? ['apache', ...needs] : needs;
  const missing = missingPeer(...all);
  describe(`${title} (server: ${serverUnderTest})`, () => {
    if (missing === null) body();
    else if (peersAreRequired) {
      test(`${missing} is installed`, () => expect.fail(`${missing} is not installed`));
    } else test.skip(`needs ${missing}, which is not installed`, () => undefined);
  });
}

type Outcome = { passed: boolean; why: string };

/** Collects the outcomes of one run and hands each to the test case that waits for it. */
class Outcomes {
  #known = new Map<string, Outcome>();
  #waiting = new Map<string, (outcome: Outcome) => void>();
  #end: string | null = null;
  readonly noise: string[] = [];

  add(name: string, outcome: Outcome): void {
    this.#known.set(name, outcome);
    this.#waiting.get(name)?.(outcome);
  }

  finish(how: string): void {
    this.#end = how;
    for (const [name, hand] of this.#waiting) if (!this.#known.has(name)) hand(this.#lost());
  }

  of(name: string): Promise<Outcome> {
    const known = this.#known.get(name);
    if (known !== undefined) return Promise.resolve(known);
    if (this.#end !== null) return Promise.resolve(this.#lost());
    return new Promise((resolve) => this.#waiting.set(name, resolve));
  }

  #lost(): Outcome {
    const last = this.noise.slice(-30).join('\n');
    return { passed: false, why: `the program ended (${this.#end}) before this test:\n${last}` };
  }
}

const answers: Record<string, (server: TestServer) => Promise<void>> = {
  restart: (server) => server.restart(),
  crash: (server) => server.restart('SIGKILL'),
};

function followOutput(child: ChildProcess, outcomes: Outcomes, server: TestServer): void {
  const { stdout, stderr, stdin } = child;
  if (stdout === null || stderr === null || stdin === null) throw new Error('no pipes');
  stdin.on('error', () => undefined); // the program may be gone: its exit is reported anyway
  createInterface({ input: stderr }).on('line', (line) => outcomes.noise.push(line));
  createInterface({ input: stdout }).on('line', (line) => {
    const [, kind, rest] = /^(PASS|FAIL|ASK) (.*)$/.exec(line) ?? [];
    if (kind === undefined || rest === undefined) outcomes.noise.push(line);
    else if (kind === 'ASK') {
      const act = answers[rest];
      if (act === undefined) throw new Error(`a foreign program asks for "${rest}"`);
      act(server).then(
        () => stdin.write('DONE\n'),
        (error) => stdin.write(`FAILED ${error}\n`),
      );
    } else if (kind === 'PASS') outcomes.add(rest, { passed: true, why: '' });
    else {
      const colon = rest.indexOf(': ');
      outcomes.add(rest.slice(0, colon), { passed: false, why: rest.slice(colon + 2) });
    }
  });
  child.once('error', (error) => outcomes.finish(String(error)));
  child.once('close', (code, signal) => outcomes.finish(`exit ${code ?? signal}`));
}

/** Runs a foreign program against the server under test, one vitest case for each of its tests. */
export function foreignSuite(program: ForeignProgram): void {
  describeWithPeers(program.title, program.needs, () => {
    const [command = '', ...args] = program.command();
    const listing = execFileSync(command, [...args, '--list'], { encoding: 'utf8' });
    const names = listing.split('\n').filter((line) => line !== '');
    const outcomes = new Outcomes();
    let server: TestServer | undefined;
    let child: ChildProcess | undefined;

    beforeAll(async () => {
      server = await startServer(serverUnderTest, program.server);
      child = startProcess(command, [...args, server.address], { stdio: 'pipe' });
      followOutput(child, outcomes, server);
    });
    afterAll(async () => {
      if (child !== undefined) await endProcess(child, 'SIGTERM', 2_000);
      await server?.stop();
    });

    test('the program has tests', () => expect(names).not.toEqual([]));
    for (const name of names) {
      test(name, async () => {
        const { passed, why } = await outcomes.of(name);
        if (!passed) expect.fail(`${why}\n--- last words of the server:\n${lastLines(server)}`);
      });
    }
  });
}

const lastLines = (server: TestServer | undefined) =>
  server?.log().split('\n').slice(-12).join('\n') ?? '';
