// The znodes that are there from the start and belong to the server.
import { QUOTA_ROOT } from './quota.ts';

export const PROC_PATH = '/zookeeper';
export const CONFIG_PATH = '/zookeeper/config';

/** Paths that Apache never lets a client delete. */
export const isSpecialPath = (path: string): boolean =>
  path === '/' || path === PROC_PATH || path === QUOTA_ROOT || path === CONFIG_PATH;
