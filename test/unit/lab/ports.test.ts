// The ports that a lab takes, with a made-up machine on which some are in use.
import { describe, expect, test } from 'vitest';
import { parseLabFile } from '../../../src/lab/labFile.ts';
import { choosePorts } from '../../../src/lab/ports.ts';

const without =
  (...used: number[]) =>
  async (port: number) =>
    !used.includes(port);
const three = { voters: 3, observers: 0, base: null };
const all = ({ servers, routes }: Awaited<ReturnType<typeof choosePorts>>) => [
  ...servers.flatMap(({ clientPort, peerPort, electionPort }) => [
    clientPort,
    peerPort,
    electionPort,
  ]),
  ...routes.map(({ port }) => port),
];

describe('ports', () => {
  test('are those of the examples where they are free', async () => {
    const { servers, routes } = await choosePorts(three, without());
    expect(servers[0]).toEqual({
      id: 1,
      isObserver: false,
      clientPort: 2181,
      peerPort: 2222,
      electionPort: 2223,
    });
    expect(servers.map(({ clientPort }) => clientPort)).toEqual([2181, 2182, 2183]);
    // Two purposes for each of six directions.
    expect(routes).toHaveLength(12);
    expect(routes).not.toContainEqual(expect.objectContaining({ from: 1, to: 1 }));
  });

  test('avoid what is in use, and client ports stay in a row', async () => {
    const chosen = await choosePorts(three, without(2183, 3333, 20_000));
    expect(chosen.servers.map(({ clientPort }) => clientPort)).toEqual([2281, 2282, 2283]);
    expect(chosen.servers[1]?.peerPort).not.toBe(3333);
    expect(all(chosen)).not.toContain(20_000);
  });

  test('are all different, with many servers, too', async () => {
    const ports = all(await choosePorts({ voters: 12, observers: 3, base: null }, without()));
    expect(new Set(ports).size).toBe(ports.length);
  });

  test('follow the one that was asked for', async () => {
    const chosen = await choosePorts({ voters: 3, observers: 1, base: 6000 }, without(6004));
    expect(chosen.servers.map(({ clientPort }) => clientPort)).toEqual([6000, 6001, 6002, 6003]);
    expect(chosen.servers.map(({ isObserver }) => isObserver)).toEqual([false, false, false, true]);
    expect(Math.min(...all(chosen).filter((port) => port > 6003))).toBe(6005);
  });

  test('that were asked for and are taken are named', async () => {
    const chosen = choosePorts({ ...three, base: 6000 }, without(6001));
    await expect(chosen).rejects.toThrow('Port 6001 is in use');
  });
});

test.each([
  '',
  '{',
  '[]',
  'null',
  '{"version":2,"servers":[],"routes":[],"tickTime":1000}',
  '{"version":1,"servers":[],"routes":[]}',
  '{"version":1,"servers":[null],"routes":[],"tickTime":1000}',
  '{"version":1,"servers":[{"id":1}],"routes":[],"tickTime":1000}',
  '{"version":1,"servers":[],"routes":[{"from":1,"to":2,"port":3}],"tickTime":1000}',
])('a file %j is no lab', (text) => {
  expect(parseLabFile(text)).toBeNull();
});
