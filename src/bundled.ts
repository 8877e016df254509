// The server behind `zk cli --with-server`: that of conf/zoo.cfg, started in the background if nothing answers.
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { loadConfig } from './config/index.ts';
import { calledAs } from './package/calledAs.ts';
import { packageRoot } from './package/manifest.ts';
import { startInBackground } from './server/background.ts';

/** How long a server may take to accept a connection. */
const ANSWER_MS = 2000;

interface Place {
  readonly file: string;
  /** Where its relative directories begin. */
  readonly cwd: string;
  /** The command that stops its server, as it can be typed here. */
  readonly stop: string;
}

/** conf/zoo.cfg of the current directory, else that of this package with its data in the package's folder. */
function place(): Place {
  const here = resolve('conf/zoo.cfg');
  if (existsSync(here)) {
    return { file: here, cwd: process.cwd(), stop: `${calledAs()} server stop conf/zoo.cfg` };
  }
  // This script, given no file, goes to the package's folder by itself.
  const stop = `${relative('.', join(packageRoot, 'bin/zkServer.sh'))} stop`;
  return { file: join(packageRoot, 'conf/zoo.cfg'), cwd: packageRoot, stop };
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

/** Where the server listens, and what to tell the user when it was started just now. */
export async function ensureServer(): Promise<{ address: string; notice: string | undefined }> {
  const { file, cwd, stop } = place();
  const result = loadConfig(file, cwd);
  if (!('config' in result)) throw new Error([...result.warnings, ...result.errors].join('\n'));
  const { config } = result;
  const { clientPort, clientPortAddress } = config;
  const isAnywhere = clientPortAddress === null || /^(0\.0\.0\.0|::)$/.test(clientPortAddress);
  const host = isAnywhere ? 'localhost' : clientPortAddress;
  const address = `${host}:${clientPort}`;
  if (await answers(host, clientPort)) return { address, notice: undefined };
  const started = await startInBackground({ file, cwd, config });
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
