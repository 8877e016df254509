// Loaded into a server by `node --import`: breaks it when a client sends the word BOOM, in the way
// that ZK_FAULT says.
import { Replica } from '../../dist/replica/replica.js';

const faults = {
  core() {
    throw new Error('planted in the core');
  },
  timer() {
    setTimeout(() => {
      throw new Error('planted in a timer');
    });
  },
  rejection() {
    Promise.reject(new Error('planted in a promise'));
  },
};

const { step } = Replica.prototype;
Replica.prototype.step = function (event, now) {
  if (event.kind === 'received' && event.chunk.includes('BOOM')) faults[process.env.ZK_FAULT]();
  return step.call(this, event, now);
};
