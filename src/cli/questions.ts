// The two questions a shell asks in a terminal: a confirmation and a hidden password.
import { PassThrough, Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';
import type { PromptObject } from 'prompts';
import type { ShellQuestions } from './shellApi.ts';

// Select Graphic Rendition: colours and weights.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what an escape sequence begins with.
const colours = /\x1b\[[\d;]*m/g;

/** What `prompts` writes to: it colours by kleur, which does not know NO_COLOR. */
function outlet(output: WriteStream, coloured: boolean): Writable {
  const writable = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      output.write(coloured ? chunk : String(chunk).replaceAll(colours, ''));
      done();
    },
  });
  // It erases its last question by the width of the terminal.
  return Object.defineProperty(writable, 'columns', { get: () => output.columns });
}

/**
 * Asks on a stream of keys that the terminal feeds, not on stdin: two readers of one terminal would
 * share its keys, and `prompts` leaves stdin changed (terkelg/prompts#312). What was typed ahead
 * can never answer a question.
 */
export class Questions implements ShellQuestions {
  readonly #output: WriteStream;
  readonly #coloured: boolean;
  readonly #onChange: (isAsking: boolean) => void;
  #keys: PassThrough | null = null;

  constructor(output: WriteStream, coloured: boolean, onChange: (isAsking: boolean) => void) {
    this.#output = output;
    this.#coloured = coloured;
    this.#onChange = onChange;
  }

  get isAsking(): boolean {
    return this.#keys !== null;
  }

  /** A key for the question, as the terminal sent it. */
  feed(sequence: string): void {
    this.#keys?.write(sequence);
  }

  async confirm(question: string): Promise<boolean> {
    // Not of type `confirm`: that one goes on at the first y, and the rest of `yes` would be the
    // next command.
    const message = `${question} (y/N)`;
    const answer = await this.#ask({ type: 'text', name: 'answer', message });
    return typeof answer === 'string' && /^y(es)?$/i.test(answer.trim());
  }

  async askPassword(question: string): Promise<string | undefined> {
    const answer = await this.#ask({ type: 'password', name: 'answer', message: question });
    return typeof answer === 'string' ? answer : undefined;
  }

  async #ask(question: PromptObject<'answer'>): Promise<unknown> {
    // Most shells never ask: the package is loaded when it is needed.
    const { default: prompts } = await import('prompts');
    const keys = new PassThrough();
    this.#keys = keys;
    this.#onChange(true);
    const stdout = outlet(this.#output, this.#coloured);
    try {
      // Without an answer (Ctrl-C, Ctrl-D, Escape) the object stays empty.
      return (await prompts({ ...question, stdin: keys, stdout }))['answer'];
    } finally {
      this.#keys = null;
      keys.destroy();
      this.#onChange(false);
    }
  }
}
