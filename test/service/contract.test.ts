import { expect, it } from 'vitest';
import { z } from 'zod';
import { appCommands } from '../../main/service/contract/app.ts';

type Schema = { [key: string]: unknown };

/** Where in a command's parameters a text or a list of any length is taken. */
function unbounded(schema: unknown, path: string): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap((each) => unbounded(each, path));
  const { type, maxLength, maxItems, enum: choices, const: only } = schema as Schema;
  const isOpen = choices === undefined && only === undefined;
  const here = [
    ...(type === 'string' && isOpen && maxLength === undefined ? [path] : []),
    ...(type === 'array' && maxItems === undefined ? [`${path}[]`] : []),
  ];
  return [
    ...here,
    ...Object.entries(schema).flatMap(([key, value]) => unbounded(value, `${path}.${key}`)),
  ];
}

it('no command of the page takes a text or a list of any length', () => {
  const all = Object.entries(appCommands).flatMap(([name, { params }]) =>
    unbounded(z.toJSONSchema(params, { io: 'input' }), name),
  );
  expect(all).toEqual([]);
});

it('an id of five million characters is refused, and one of the longest that occur is not', () => {
  const ids = (id: string) => [
    appCommands.resolve.params.safeParse({ alertId: id, answer: 'keep' }).success,
    appCommands.stopMission.params.safeParse({ missionId: id }).success,
    appCommands.resync.params.safeParse({ missionId: id }).success,
  ];
  expect(ids('x'.repeat(5_000_000))).toEqual([false, false, false]);
  // A folder's name has at most 255 bytes.
  expect(ids(`tampering-${'x'.repeat(255)}`)).toEqual([true, true, true]);
});
