// Three servers under load through all kinds of faults: nothing acknowledged is lost, all trees are
// equal, and the clients carry on with their sessions.
// Longer on demand, with faults at random: ZK_ROUNDS=50 ZK_SEED=1 npm run test:ensemble
import { describe, test } from 'vitest';
import * as all from '../support/ensembleFaults.ts';
import { seeded } from '../support/simDisk.ts';
import { underLoad } from '../support/underLoad.ts';

const rounds = Number(process.env.ZK_ROUNDS ?? 0);

const sentences: Readonly<Record<string, string>> = {
  killLeader: 'a killed leader is replaced, and comes back as a follower',
  killFollower: 'a killed follower is not missed, and catches up',
  killAll: 'all servers come back from kill -9 with all that was acknowledged',
  killTwice: 'the next leader may be killed at once, too',
  stopLeader: 'a leader that stood still steps down, and follows',
  stopFollower: 'a follower that stood still is given up, and comes back',
  isolateLeader: 'a leader that is cut off is replaced, and follows when the network heals',
  resetLeader: 'a leader whose peers only get resets is replaced',
  muteLeader: 'a leader that the others do not hear is replaced',
  deafLeader: 'a leader that does not hear the others is replaced',
  rollingRestart: 'a rolling restart is seen by no client',
  loseDisk: 'a server that lost its disk gets all from the others, and counts again',
  damageLog: 'a server with a damaged log heals from the others, and counts again',
};

describe('three servers under load', () => {
  const shared = underLoad({ servers: [{}, {}, {}], isRelayed: true });

  for (const [name, fault] of Object.entries(all.faults)) {
    test(sentences[name] ?? name, async () => {
      shared.watched();
      await fault(shared);
      await shared.allIsWell();
    });
  }

  test.runIf(rounds > 0)(
    `${rounds} faults in any order`,
    async () => {
      shared.watched();
      const random = seeded(shared.seed);
      const names = Object.keys(all.faults);
      for (let round = 1; round <= rounds; round++) {
        const name = names[Math.floor(random() * names.length)] as string;
        console.log(`seed ${shared.seed}, round ${round}: ${name}, ${shared.load.acked} writes`);
        await all.faults[name]?.(shared);
        await shared.allIsWell();
      }
    },
    rounds * 60_000,
  );
});
