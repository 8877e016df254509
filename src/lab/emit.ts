// How a command of the lab gives its result: text for people, or one JSON document.
import type { Json, LabWorld } from '../cli/command.ts';

export function emit({ out, json }: LabWorld, value: Json, text: string): void {
  out.line(json ? JSON.stringify(value) : text);
}
