// What `envi` tells of the process, under the names that Apache's Environment uses.
import { arch, homedir, hostname, release, tmpdir, type, userInfo } from 'node:os';
import { getHeapStatistics } from 'node:v8';

const megabytes = (bytes: number): string => `${Math.trunc(bytes / (1 << 20))}MB`;

/** Architectures under the names that Java has for them. */
const JAVA_ARCH: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'aarch64' };

/** Lines of key=value behind a headline. Nothing of the process's environment variables is in it. */
export function environment(version: string): string {
  const { heapTotal, heapUsed, rss } = process.memoryUsage();
  const entries: [string, string][] = [
    ['zookeeper.version', version],
    ['host.name', hostname()],
    // Where Apache tells of the Java machine: java.version, java.home, java.class.path and so on.
    ['node.version', process.versions.node],
    ['node.home', process.execPath],
    ['node.io.tmpdir', tmpdir()],
    ['node.memory.rss', megabytes(rss)],
    ['os.name', type()],
    ['os.arch', JAVA_ARCH[arch()] ?? arch()],
    ['os.version', release()],
    ['user.name', userInfo().username],
    ['user.home', homedir()],
    ['user.dir', process.cwd()],
    // Named after the system, but of the heap, there as here.
    ['os.memory.free', megabytes(heapTotal - heapUsed)],
    ['os.memory.max', megabytes(getHeapStatistics().heap_size_limit)],
    ['os.memory.total', megabytes(heapTotal)],
  ];
  return `Environment:\n${entries.map(([key, value]) => `${key}=${value}\n`).join('')}`;
}
