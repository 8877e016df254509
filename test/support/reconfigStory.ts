// Servers whose ensemble changes while a client writes: what tests with processes of ours and of Apache share.
import { join } from 'node:path';
import { connect, ZkError, type ZooKeeper } from '../../src/client/index.ts';
import { Member, type Mode } from './member.ts';
import { freePort, temporaryDirectory, waitFor } from './processes.ts';
import { type ServerKind, superUser } from './servers.ts';

const settings = {
  tickTime: 500,
  initLimit: 20,
  syncLimit: 6,
  reconfigEnabled: true,
  standaloneEnabled: false,
};

export class ReconfigStory {
  readonly members = new Map<number, Member>();
  readonly #home = temporaryDirectory('reconfig');
  readonly #clients: ZooKeeper[] = [];
  #writing: Promise<void> | null = null;
  #isWriting = false;
  /** Paths whose creation was acknowledged. */
  readonly acked: string[] = [];

  /** A server that is not running yet. */
  async add(id: number, kind: ServerKind): Promise<Member> {
    const ports = { client: await freePort(), peer: await freePort(), election: await freePort() };
    const member = new Member(id, { kind }, ports, join(this.#home, `z${id}`), settings);
    this.members.set(id, member);
    return member;
  }

  /** Its line names other ports from now on; returns those that it has. */
  async moveToOtherPorts(id: number): Promise<Readonly<Record<string, number>>> {
    const member = this.member(id);
    const { ports } = member;
    const old = { ...ports };
    const next = { client: await freePort(), peer: await freePort(), election: await freePort() };
    Object.assign(ports, next);
    member.port = next.client;
    return old;
  }

  member(id: number): Member {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`there is no server ${id}`);
    return member;
  }

  line(id: number, role: 'participant' | 'observer' = 'participant'): string {
    const { peer, election, client } = this.member(id).ports;
    return `server.${id}=127.0.0.1:${peer}:${election}:${role};127.0.0.1:${client}`;
  }

  /** Starts a server whose configuration names these; a later start reads what the server has made of it. */
  launch(id: number, initial: readonly number[]): void {
    const lines = initial.map((one) => this.line(one).split('=') as [string, string]);
    this.member(id).launch(Object.fromEntries(lines));
  }

  /** Waits until the servers have these modes. */
  async modes(wanted: Readonly<Record<number, Mode>>): Promise<void> {
    const text = JSON.stringify(wanted);
    await waitFor(`the modes ${text}`, async () => {
      const found = await Promise.all(
        Object.keys(wanted).map(async (id) => [id, await this.member(Number(id)).mode()]),
      );
      return JSON.stringify(Object.fromEntries(found)) === text;
    });
  }

  /** The id of who leads. */
  async leader(): Promise<number> {
    return waitFor('a leader', async () => {
      for (const [id, member] of this.members) if ((await member.mode()) === 'leader') return id;
      return null;
    });
  }

  /** Waits until all serve: two may lead and follow before the third has come. */
  async whole(): Promise<void> {
    await this.leader();
    for (const [id, member] of this.members) {
      await waitFor(`server ${id} to serve`, async () => {
        const mode = await member.mode();
        return mode !== null && mode !== 'looking';
      });
    }
  }

  async client(...ids: number[]): Promise<ZooKeeper> {
    const servers = ids.map((id) => this.member(id).address).join(',');
    const auth = [{ scheme: 'digest', auth: superUser }];
    const client = await connect(servers, { sessionTimeout: 20_000, connectTimeout: 30_000, auth });
    this.#clients.push(client);
    return client;
  }

  /** Creates one znode after another until `rest`. */
  load(client: ZooKeeper): void {
    this.#isWriting = true;
    this.#writing = (async () => {
      for (let i = 0; this.#isWriting; i++) {
        try {
          this.acked.push((await client.create(`/load-${i}`, 'x')).path);
        } catch (error) {
          if (!this.#isWriting) return;
          if (!(error instanceof ZkError) || error.code !== 'ConnectionLoss') throw error;
        }
      }
    })();
  }

  async rest(): Promise<void> {
    this.#isWriting = false;
    await this.#writing;
  }

  /** What these servers lack of what was acknowledged; a sync goes before the look. */
  async lost(...ids: number[]): Promise<string[]> {
    const lost: string[] = [];
    for (const id of ids) {
      const client = await this.client(id);
      await client.sync('/');
      const names = new Set((await client.children('/')).names);
      lost.push(...this.acked.filter((path) => !names.has(path.slice(1))));
    }
    return lost;
  }

  /** The lines of the config znode at a server. */
  async config(id: number): Promise<string[]> {
    const client = await this.client(id);
    const { data } = await client.config();
    return (data?.toString() ?? '').split('\n');
  }

  /** What two reconfigs come to that are asked for in one go; neither changes anything. */
  async twoAtOnce(at: number): Promise<string[]> {
    const client = await this.client(at);
    const asked = [0, 1].map(() => client.reconfig({ leaving: '88' }));
    const outcomes = await Promise.allSettled(asked);
    return outcomes.map((one) => (one.status === 'fulfilled' ? 'done' : one.reason.code));
  }

  /** Starts it again with the files that it has left. */
  async restart(id: number): Promise<void> {
    const member = this.member(id);
    await member.end('SIGKILL');
    member.spawn();
  }

  async end(): Promise<void> {
    this.#isWriting = false;
    await Promise.allSettled(this.#clients.map((client) => client.close()));
    await Promise.all([...this.members.values()].map((member) => member.end('SIGKILL')));
  }
}
