// What can be done with a lab, for `help` and completion; src/lab does it.

export const LAB_VERBS = [
  'up',
  'status',
  'down',
  'kill',
  'stop',
  'start',
  'pause',
  'resume',
  'logs',
  'partition',
  'heal',
] as const;
