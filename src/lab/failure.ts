// What ends a command of the lab: one line and an exit status.
import { CliError, Status } from '../cli/cliError.ts';

export const failure = (message: string): CliError =>
  new CliError(message, 'Lab', Status.zookeeperError);
