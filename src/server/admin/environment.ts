// What `envi` tells of the process, under the names that Apache's Environment uses.
import { arch, freemem, homedir, hostname, platform, release, totalmem, userInfo } from 'node:os';

const MEBIBYTE = 1 << 20;

/** Lines of key=value behind a headline. Nothing of the process's environment variables is in it. */
export function environment(version: string): string {
  const { heapTotal, heapUsed, rss } = process.memoryUsage();
  const entries: [string, string][] = [
    ['zookeeper.version', version],
    ['host.name', hostname()],
    ['node.version', process.version],
    ['node.execPath', process.execPath],
    ['os.name', platform()],
    ['os.arch', arch()],
    ['os.version', release()],
    ['user.name', userInfo().username],
    ['user.home', homedir()],
    ['user.dir', process.cwd()],
    ['os.memory.free', `${Math.round(freemem() / MEBIBYTE)}MB`],
    ['os.memory.total', `${Math.round(totalmem() / MEBIBYTE)}MB`],
    ['node.memory.rss', `${Math.round(rss / MEBIBYTE)}MB`],
    ['node.memory.heapTotal', `${Math.round(heapTotal / MEBIBYTE)}MB`],
    ['node.memory.heapUsed', `${Math.round(heapUsed / MEBIBYTE)}MB`],
  ];
  return `Environment:\n${entries.map(([key, value]) => `${key}=${value}\n`).join('')}`;
}
