// The names of events as Apache's shell prints them.

import { EventType } from '../wire/opcodes.ts';
import type { WatchedEventType } from './api.ts';

const names: Record<number, WatchedEventType> = {
  [EventType.nodeCreated]: 'NodeCreated',
  [EventType.nodeDeleted]: 'NodeDeleted',
  [EventType.nodeDataChanged]: 'NodeDataChanged',
  [EventType.nodeChildrenChanged]: 'NodeChildrenChanged',
};

/** The types that a server sends; undefined for any other number. */
export const eventTypeName = (type: number): WatchedEventType | undefined => names[type];
