// The server behind `zk cli --with-server`: that of conf/zoo.cfg, started in the background if nothing answers.
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { basename, delimiter, dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from './config/index.ts';
import { startInBackground } from './server/background.ts';

/** How long a server may take to accept a connection. */
const ANSWER_MS = 2000;

/** In the current directory, else the one of this package. */
function configFile(): string {
  const here = resolve('conf/zoo.cfg');
  return existsSync(here) ? here : fileURLToPath(new URL('../conf/zoo.cfg', import.meta.url));
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = createConnection({ host, port, timeout: ANSWER_MS });
    const done = (isUp: boolean) => () => {
      socket.destroy();
      settle(isUp);
    };
    socket.once('connect', done(true)).once('timeout', done(false)).once('error', done(false));
  });
}

/** How this program can be called from here: `zk` if the PATH has it, else by its place. */
function self(): string {
  const program = process.argv[1] ?? 'zk';
  const isOnPath = (process.env['PATH'] ?? '').split(delimiter).includes(dirname(program));
  return isOnPath && basename(program) === 'zk' ? 'zk' : relative('.', program);
}

/** Where the server listens, and what to tell the user when it was started just now. */
export async function ensureServer(): Promise<{ address: string; notice: string | undefined }> {
  const file = configFile();
  const result = loadConfig(file);
  if (!('config' in result)) throw new Error([...result.warnings, ...result.errors].join('\n'));
  const { config } = result;
  const { clientPort, clientPortAddress } = config;
  const isAnywhere = clientPortAddress === null || /^(0\.0\.0\.0|::)$/.test(clientPortAddress);
  const host = isAnywhere ? 'localhost' : clientPortAddress;
  const address = `${host}:${clientPort}`;
  if (await answers(host, clientPort)) return { address, notice: undefined };
  const started = await startInBackground({ file, config });
  const stop = `${self()} server stop ${relative('.', file)}`;
  switch (started.kind) {
    case 'failed':
      throw new Error(
        `The server did not start; ${started.outFile} ends with\n${started.lines.join('\n')}`,
      );
    case 'running':
      return { address, notice: `A server runs already (pid ${started.pid}); ${stop} stops it` };
    case 'started':
      return {
        address,
        notice: `Started a server on ${address} (pid ${started.pid}); ${stop} stops it`,
      };
  }
}
