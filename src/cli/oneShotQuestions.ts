// Questions of a single command typed at a terminal: the keys are taken for as long as one is open.
import type { ShellQuestions } from './shellApi.ts';

interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

/** Undefined where nobody can answer: a pipe must not be eaten as an answer. */
export function oneShotQuestions({ stdin, stdout }: Streams): ShellQuestions | undefined {
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  const ask = async <T>(put: (questions: ShellQuestions) => Promise<T>): Promise<T> => {
    // Loaded for a question only: most commands ask none.
    const { Questions } = await import('./questions.ts');
    const questions = new Questions(stdout, stdout.getColorDepth() > 1, () => {});
    const onKeys = (keys: Buffer): void => questions.feed(keys.toString('utf8'));
    stdin.setRawMode(true);
    stdin.on('data', onKeys);
    try {
      return await put(questions);
    } finally {
      stdin.off('data', onKeys);
      stdin.setRawMode(false);
      stdin.pause();
    }
  };
  return {
    confirm: (question) => ask((questions) => questions.confirm(question)),
    askPassword: (question) => ask((questions) => questions.askPassword(question)),
  };
}
