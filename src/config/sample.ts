// Writes conf/zoo_sample.cfg from the table of keys: every key with its default and its help.
import { keys, sections } from './keys.ts';
import type { Key } from './keyTypes.ts';

const HEAD = `# Every key that zoo.cfg can have, with its default. Made from the table src/config/keys.ts.
# A file of your own needs only dataDir and clientPort.
`;

/** What a sample sets: keys without which no server starts. */
const SET: Readonly<Record<string, string>> = {
  tickTime: '2000',
  dataDir: './data/standalone',
  clientPort: '2181',
};

export function sampleConfig(): string {
  let text = HEAD;
  for (const [title, rows] of Object.entries(sections)) {
    text += `\n\n## ${title}\n`;
    for (const [name, row] of Object.entries(rows as Record<string, Key<unknown>>)) {
      text += `\n${wrap(describe(row))}${assignment(name, row)}\n`;
    }
    if (title === 'The ensemble') text += SERVER_LINES;
  }
  return text;
}

const SERVER_LINES = `
# the members: host:peerPort:electionPort[:role][;[clientAddress:]clientPort]
# server.1=127.0.0.1:2222:2223
# server.2=127.0.0.1:3333:3334
# server.3=127.0.0.1:4444:4445

# quorums by group, with weights (default 1)
# group.1=1:2:3
# weight.1=1
`;

function describe(row: Key<unknown>): string {
  const unit = row.unit === null ? '' : ` (${row.unit})`;
  const notes = {
    supported: '',
    ensemble: '',
    later: ' - not supported yet',
    refused: ' - not supported yet',
    unneeded: ' - ignored',
  };
  const ticks = row.ticks === null ? '' : `; default ${row.ticks} x tickTime`;
  return `${row.help}${unit}${ticks}${notes[row.status]}`;
}

function assignment(name: string, row: Key<unknown>): string {
  const value = SET[name];
  if (value !== undefined) return `${name}=${value}`;
  if (row.ticks !== null) return `# ${name}=${row.ticks * keys.tickTime.default}`;
  return `# ${name}=${showDefault(row.default)}`;
}

function showDefault(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value ?? '');
}

/** Comment lines of at most 100 columns. */
function wrap(text: string): string {
  let lines = '';
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > 100) {
      lines += `${line}\n`;
      line = '#';
    }
    line += ` ${word}`;
  }
  return `${lines}${line}\n`;
}
