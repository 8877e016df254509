// The captured files are whole: each parses and has the shape that README.md promises.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const golden = new URL('.', import.meta.url).pathname;
const read = (name: string) => JSON.parse(readFileSync(join(golden, name), 'utf8'));
const hex = /^([0-9a-f]{2})*$/;

const names = readdirSync(golden, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .sort();

describe('the golden captures', () => {
  test.each(names)('%s is JSON', (name) => {
    expect(read(name)).toBeTypeOf('object');
  });

  test('every record has bytes, and every jute module is there', () => {
    const rows: { record: string; fields: object; hex: string }[] = read('records.json');
    for (const row of rows) expect(row.hex).toMatch(hex);
    const modules = new Set(rows.map((row) => row.record.split('.')[0]));
    expect(modules).toEqual(new Set(['data', 'persistence', 'proto', 'quorum', 'special', 'txn']));
    expect(new Set(rows.map((row) => row.record)).size).toBeGreaterThanOrEqual(76);
  });

  test('every conversation consists of whole frames and begins with a connect', () => {
    for (const name of Object.keys(read('conversations.json'))) {
      const rows: { from: string; hex: string; close?: boolean }[] = read(
        `conversations/${name}.json`,
      );
      expect(rows[0]?.from).toBe('client');
      for (const row of rows) {
        if (row.close) expect(row.hex).toBe('');
        else expect(Buffer.from(row.hex, 'hex').readInt32BE() * 2 + 8).toBe(row.hex.length);
      }
    }
  });

  test('every raw case has an expectation for each step, and masks within the answers', () => {
    for (const row of read('rawFrames.json')) {
      expect(row.expect).toHaveLength(row.send.length);
      expect(row.labels).toHaveLength(row.send.length);
      for (const mask of row.mask) {
        const reply: string = row.expect[mask.step][mask.reply];
        expect(reply.length, row.name).toBeGreaterThanOrEqual(mask.to * 2);
      }
    }
  });

  test.each(readdirSync(join(golden, 'data')))('data/%s has the files it describes', (name) => {
    const expected = read(`data/${name}/expected.json`);
    for (const [file, facts] of Object.entries<{ size: number }>(expected.files)) {
      const path = join(golden, 'data', name, 'version-2', file);
      expect(existsSync(path), file).toBe(true);
      expect(statSync(path).size, file).toBe(facts.size);
    }
    expect(expected.tree.length + 1).toBe(expected.restored.nodeCount);
  });
});
