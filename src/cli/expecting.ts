// `!Error command`: the error that was asked for is success; none or another one is a failure.
import { CliError, Status } from './cliError.ts';
import { type Failure, failureOf } from './errors.ts';

const disappointed = (message: string): CliError =>
  new CliError(message, 'Expectation', Status.zookeeperError);

/** `expected` is a name, or '' for any error. The error is shown either way, as its text is part of a story. */
export async function expecting(
  expected: string,
  run: () => Promise<number>,
  show: (failure: Failure) => void,
): Promise<number> {
  const wanted = expected === '' ? 'an error' : expected;
  let status: number;
  try {
    status = await run();
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code === 'Interrupted') throw error;
    show(failure);
    if (expected === '' || failure.code === expected) return Status.ok;
    throw disappointed(`Expected ${wanted}, but got ${failure.code}`);
  }
  // A command that reported its failures itself, as setAcl -R does.
  if (expected === '' && status !== Status.ok) return Status.ok;
  throw disappointed(`Expected ${wanted}, but the command succeeded`);
}
