// What a user decides about a new ensemble, and what is taken where nothing is said.

export interface InitChoices {
  /** Servers that vote. */
  readonly servers: number;
  readonly observers: number;
  /** One for all, or one for each server, the observers last. */
  readonly hosts: readonly string[];
  /** Of the first server of a host; the next on the same host has the next port. */
  readonly clientPort: number;
  /** As the user typed it. */
  readonly dir: string;
}

export const DEFAULTS: InitChoices = {
  servers: 3,
  observers: 0,
  hosts: ['127.0.0.1'],
  clientPort: 2181,
  dir: '.',
};

/** Ids are a byte, and nobody types the names of more. */
export const MOST_SERVERS = 50;

/** `a,b c` as three names. */
export const splitHosts = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean);
