// Wrong words after `lab`: the line says where help is to be had, which differs inside the shell.
import { expect, test } from 'vitest';
import { MemorySink } from '../../../src/cli/sink.ts';
import { runLab } from '../../../src/lab/command.ts';

const run = (isShell: boolean, ...words: string[]): Promise<void> => {
  const [out, err] = [new MemorySink(), new MemorySink()];
  const { signal } = new AbortController();
  return runLab(words, { out, err, signal, isShell, json: false });
};

test('a missing word is told with the help that is at hand', async () => {
  await expect(run(true, 'kill')).rejects.toThrow("missing required argument 'N'; see help lab");
  await expect(run(false, 'kill')).rejects.toThrow("argument 'N'; see zk lab --help");
});

test('a wrong number is told without the words of the option parser', async () => {
  await expect(run(true, 'up', '99')).rejects.toThrow(
    /^'99' is invalid for argument 'n'\. It must be a number from 2 to 15; see help lab$/,
  );
});
