import { expect } from 'vitest';
import type { z } from 'zod';
import type { Snapshot } from '../../main/service/contract/engine.ts';
import type { CommandRun } from './engineHarness.ts';

/** The JSON of a command that must have succeeded, checked to be nothing but what the contract says. */
export function resultOf<T>({ code, stderr, json }: CommandRun, schema: z.ZodType<T>): T {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const parsed = schema.parse(json);
  expect(json, 'nothing beside the contract').toEqual(parsed);
  return parsed;
}

/** A snapshot without the time at which it was read, which is another one in each. */
export function withoutAge(snapshot: Snapshot): Snapshot {
  return {
    ...snapshot,
    global: { ...snapshot.global, seenAt: null },
    missions: snapshot.missions.map((mission) => ({ ...mission, seenAt: null })),
  };
}
