// What a change costs when nobody, one or a thousand wait for it.
import { bench, describe } from 'vitest';
import { zxid } from '../src/base/ids.ts';
import { OPEN_ACL } from '../src/state/aclCache.ts';
import { type Watcher, Watches, WatchKind } from '../src/state/watches.ts';

const Z = zxid(5n);

class Ear implements Watcher {
  heard = 0;

  deliver(): void {
    this.heard++;
  }
}

describe('a one-shot watch is set anew each time', () => {
  for (const others of [10, 1000, 10_000]) {
    const ear = new Ear();
    const watches = new Watches();
    for (let i = 0; i < others; i++) watches.add(WatchKind.data, `/other/${i}`, ear);

    bench(`by a watcher of ${others} other paths`, () => {
      watches.add(WatchKind.data, '/application/config', ear);
      watches.dataChanged('/application/config', Z, OPEN_ACL);
    });
  }
});

describe('a change of data', () => {
  for (const count of [0, 1, 1000]) {
    const ears = Array.from({ length: count }, () => new Ear());
    const watches = new Watches();
    // Others wait elsewhere: the tables are not empty.
    for (let i = 0; i < 1000; i++) watches.add(WatchKind.data, `/other/${i}`, new Ear());

    bench(`with ${count} one-shot watchers, set anew each time`, () => {
      for (const ear of ears) watches.add(WatchKind.data, '/application/config', ear);
      watches.dataChanged('/application/config', Z, OPEN_ACL);
    });

    const lasting = new Watches();
    for (const ear of ears) lasting.add(WatchKind.persistentRecursive, '/application', ear);
    bench(`with ${count} recursive watchers above`, () => {
      lasting.dataChanged('/application/config', Z, OPEN_ACL);
    });
  }
});
