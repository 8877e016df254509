// The names of events and states as Apache's shell prints them.

import { EventType, KeeperState } from '../wire/opcodes.ts';
import type { WatchedEventState, WatchedEventType } from './api.ts';

const types: Record<number, WatchedEventType> = {
  [EventType.none]: 'None',
  [EventType.nodeCreated]: 'NodeCreated',
  [EventType.nodeDeleted]: 'NodeDeleted',
  [EventType.nodeDataChanged]: 'NodeDataChanged',
  [EventType.nodeChildrenChanged]: 'NodeChildrenChanged',
};

const states: Record<number, WatchedEventState> = {
  [KeeperState.disconnected]: 'Disconnected',
  [KeeperState.syncConnected]: 'SyncConnected',
  [KeeperState.authFailed]: 'AuthFailed',
  [KeeperState.connectedReadOnly]: 'ConnectedReadOnly',
  [KeeperState.saslAuthenticated]: 'SaslAuthenticated',
  [KeeperState.expired]: 'Expired',
  [KeeperState.closed]: 'Closed',
};

/** The types that a server sends; undefined for any other number. */
export const eventTypeName = (type: number): WatchedEventType | undefined => types[type];
/** Undefined for a number that is no state. */
export const eventStateName = (state: number): WatchedEventState | undefined => states[state];
