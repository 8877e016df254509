// What of the foreign world (Java, Python, C) is installed, where it is, and what to do when it is not.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from './processes.ts';

export const jars = '/usr/share/java';
const zookeeperJars = ['zookeeper', 'slf4j-log4j12', 'log4j-1.2'];
const curatorJars = ['curator-client', 'curator-framework', 'curator-recipes', 'guava'];

/** Debian's Python, the one that sees the python3-kazoo package. */
export const python = '/usr/bin/python3';
export const cliMt = '/usr/lib/zookeeper/bin/cli_mt';

const haveJars = (names: string[]) => names.every((name) => existsSync(`${jars}/${name}.jar`));
const onPath = (program: string) =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));

const peers = {
  /** Apache's server and client. */
  apache: () => onPath('java') && onPath('javac') && haveJars(zookeeperJars),
  /** What Apache's shell edits lines with. */
  jline: () => haveJars(['jline2', 'jansi1']),
  curator: () => onPath('javac') && haveJars([...zookeeperJars, ...curatorJars]),
  kazoo: () => {
    try {
      execFileSync(python, ['-c', 'import kazoo'], { stdio: 'ignore' });
      return true;
    } catch {
      return false; // not installed: that is the answer
    }
  },
  cClient: () => onPath('gcc') && existsSync('/usr/include/zookeeper/zookeeper.h'),
  gcc: () => onPath('gcc'),
  cliMt: () => existsSync(cliMt),
  /** Makes calls of the system fail, or slow. */
  strace: () => onPath('strace'),
};
export type Peer = keyof typeof peers;

const found = new Map<Peer, boolean>();

/** The first of `needed` that is not installed, or null. */
export function missingPeer(...needed: Peer[]): Peer | null {
  for (const peer of needed) {
    const present = found.get(peer) ?? peers[peer]();
    found.set(peer, present);
    if (!present) return peer;
  }
  return null;
}

/** Set where a missing peer is a failure (in .ci/run) instead of a counted skip. */
export const peersAreRequired = process.env.ZK_REQUIRE_PEERS === '1';

export function classPath(...more: string[]): string {
  const all = [...zookeeperJars, ...curatorJars].map((name) => `${jars}/${name}.jar`);
  return [...more, ...all].join(':');
}

const sources = join(import.meta.dirname, '../interop');
let javaClasses: string | null = null;

/**
 * Compiles the Java programs that a test file runs, once per test file, and gives the folder of
 * the classes. Each program stands in one file beside the common Suite.java.
 */
export function compileJava(...programs: string[]): string {
  javaClasses ??= temporaryDirectory('classes');
  const files = ['Suite', ...programs].map((name) => join(sources, 'java', `${name}.java`));
  const options = ['-nowarn', '-proc:none', '-d', javaClasses, '-cp', classPath(javaClasses)];
  execFileSync('javac', [...options, ...files], { stdio: ['ignore', 'inherit', 'inherit'] });
  return javaClasses;
}

/** Compiles a C program against the multi-threaded client library and gives its path. */
export function compileC(program: string): string {
  const folder = temporaryDirectory('c');
  mkdirSync(folder, { recursive: true });
  const output = join(folder, program);
  const source = join(sources, 'c', `${program}.c`);
  const options = ['-std=gnu11', '-O1', '-Wall', '-Wextra', '-Werror', '-DTHREADED'];
  const args = [...options, '-o', output, source, '-lzookeeper_mt', '-lpthread'];
  execFileSync('gcc', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  return output;
}

/** Flags that make short-lived JVMs start fast and stay small. */
export const javaFlags = [
  '-Xmx256m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Xshare:auto',
];
