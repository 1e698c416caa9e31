import { expect } from 'vitest';
import type { z } from 'zod';
import type { CommandRun } from './engineHarness.ts';

/** The JSON of a command that must have succeeded, checked to be nothing but what the contract says. */
export function resultOf<T>({ code, stderr, json }: CommandRun, schema: z.ZodType<T>): T {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const parsed = schema.parse(json);
  expect(json, 'nothing beside the contract').toEqual(parsed);
  return parsed;
}
