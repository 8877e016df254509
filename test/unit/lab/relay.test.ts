// A relay between two sockets: it passes everything on, falls silent when cut, and tells nobody of an end behind a cut.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Relay } from '../../../src/lab/relay.ts';
import { freePort, waitFor } from '../../support/processes.ts';

let target: Server;
let relay: Relay;
let port: number;
const accepted: End[] = [];
const ends: End[] = [];

/** One end of a connection, and what it got. */
class End {
  readonly socket: Socket;
  text = '';
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => (this.text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => (this.isClosed = true));
    ends.push(this);
  }

  got(text: string): Promise<unknown> {
    return waitFor(text, () => this.text === text);
  }
}

beforeEach(async () => {
  target = createServer((socket) => accepted.push(new End(socket)));
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  port = await freePort();
  const options = { from: 1, to: 2, port, target: (target.address() as AddressInfo).port };
  relay = new Relay(options, (what) => expect.fail(what));
});
afterEach(() => {
  relay.close();
  target.close();
  for (const { socket } of ends.splice(0)) socket.destroy();
  accepted.length = 0;
});

const isRefused = async (): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  const refused = await once(socket, 'connect').then(
    () => false,
    () => true,
  );
  socket.destroy();
  return refused;
};

/** Both ends of a connection through the relay. */
async function aPair(): Promise<[near: End, far: End]> {
  relay.isTargetUp = true;
  await waitFor('the relay', async () => !(await isRefused()));
  const before = accepted.length;
  const near = new End(connect(port, '127.0.0.1'));
  near.socket.write('hello');
  const far = await waitFor(
    'the other end',
    () => accepted.slice(before).find((end) => end.text) ?? null,
  );
  await far.got('hello');
  far.socket.write('welcome');
  await near.got('welcome');
  return [near, far];
}

test('refuses while its target is not there, and while anything is cut', async () => {
  expect(await isRefused()).toBe(true);
  await aPair();
  for (const passage of [
    { there: false, back: true },
    { there: true, back: false },
  ]) {
    relay.passage = passage;
    expect(await isRefused()).toBe(true);
  }
  relay.passage = { there: true, back: true };
  await waitFor('the relay', async () => !(await isRefused()));
  relay.isTargetUp = false;
  expect(await isRefused()).toBe(true);
});

test('the cut direction is silent, the other is not; what was held back comes after healing', async () => {
  const [near, far] = await aPair();
  relay.passage = { there: false, back: true };
  near.socket.write('-lost?');
  far.socket.write('-heard');
  await near.got('welcome-heard');
  expect(far.text).toBe('hello');
  relay.passage = { there: true, back: true };
  await far.got('hello-lost?');
});

test('an end is passed on', async () => {
  const [near, far] = await aPair();
  near.socket.end('-bye');
  await waitFor('the end', () => far.isClosed);
  expect(far.text).toBe('hello-bye');
});

test('an end behind a cut is learnt after healing only', async () => {
  const [near, far] = await aPair();
  relay.passage = { there: false, back: false };
  near.socket.resetAndDestroy();
  far.socket.write('-to nobody');
  const [, other] = [near, far];
  // A round trip over another relay's worth of loop turns: nothing has come through.
  await isRefused();
  expect(other.isClosed).toBe(false);
  relay.passage = { there: true, back: true };
  await waitFor('the end', () => far.isClosed);
});
