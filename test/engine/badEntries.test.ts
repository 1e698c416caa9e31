import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryRef } from '../../main/stores/store.ts';
import {
  editAsClient,
  entryFile,
  readBlob,
  readText,
  serverIn,
  signIn,
  writeAsClient,
} from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { fakeEntry, fakeServer, serverKey } from '../support/fake.ts';
import { until } from '../support/until.ts';

let world: World;
let a: EntryRef;
let b: EntryRef;
let damaged: EntryRef;
beforeEach(() => {
  world = makeWorld();
  [a, b, damaged] = world.addMissions('a', 'b', 'damaged');
});
afterEach(() => world.cleanup());

const good = (): string => fakeEntry(['inside']);
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** Entries that nobody may merge with: what they are, their text, and what the reason must speak of. */
const DAMAGED: readonly (readonly [string, () => string, RegExp])[] = [
  ['corrupt', () => good().replace('"mcpOAuth"', 'mcpOAuth'), /not valid JSON/],
  ['truncated', () => good().slice(0, -20), /not valid JSON/],
  ['empty', () => '', /empty/],
  ['all white space', () => ' \n\t ', /empty/],
  ['10 MB of something else', () => 'x'.repeat(10 * 1024 * 1024), /too large: it has 10\.0 MB/],
  ['nested 100 deep', () => nested(100), /nested too deeply/],
  ['nested 100,000 deep', () => nested(100_000), /nested too deeply/],
  ['a JSON array', () => '[]', /not a JSON object/],
  ['JSON null', () => 'null', /not a JSON object/],
  ['a JSON string', () => '"mcpOAuth"', /not a JSON object/],
  ['without a map of servers', () => '{"mcpOAuth":[]}', /"mcpOAuth" is not an object/],
  ['with null for the servers', () => '{"mcpOAuth":null}', /"mcpOAuth" is not an object/],
  ['with text for the plugin secrets', () => '{"pluginSecrets":"x"}', /"pluginSecrets"/],
  ['with a number out of range', () => '{"mcpOAuth":{"a|0":{"expiresAt":1e999}}}', /out of range/],
  [
    'with text that is not Unicode',
    () => '{"mcpOAuth":{"a|0":{"serverName":"\\ud800"}}}',
    /Unicode/,
  ],
];

describe("a mission's entry that is damaged", () => {
  it.each(DAMAGED)(
    '(%s) is left alone and shown, and the others go on',
    async (_, text, reason) => {
      await world.startEngine();
      const before = await signIn(a, 'before');
      await world.untilHeld(before);
      const bad = text();
      await writeAsClient(damaged, bad);
      const alert = await world.untilAlert('wipe-damaged');
      expect(alert.message).toMatch(reason);
      expect((await world.mission('damaged')).trouble).toMatch(reason);

      await world.untilHeld(await signIn(a, 'meanwhile'), [world.global, a, b]);
      expect(readText(damaged) === bad, 'the damaged entry is left alone').toBe(true);
      await world.untilHeld(before, [world.global, a, b]);

      // Mended by its client, with a sign-in of its own: all goes on by itself.
      const mended = fakeServer('mended');
      await writeAsClient(damaged, fakeEntry([before, mended]));
      await world.untilHeld(mended);
      await until(
        '"meanwhile" in the mended entry',
        () => serverIn(damaged, 'meanwhile') !== undefined,
      );
      await world.untilNoAlert();
    },
  );

  it.each(['restore', 'remove'] as const)('follows the answer "%s"', async (answer) => {
    await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server);
    await writeAsClient(damaged, '{"mcpOAuth":{"own|0":{"accessToken":"half');
    const { id } = await world.untilAlert('wipe-damaged');
    await world.ask('resolve', { alertId: id, answer });
    if (answer === 'restore') await world.untilHeld(server, [world.global, a, b, damaged]);
    else await world.untilGone('loop', [world.global, a, b, damaged]);
    const { items } = await world.ask('journal', {});
    expect(items, 'the raw text is in the journal').toContainEqual(
      expect.objectContaining({ name: 'unreadable entry', missionId: 'damaged' }),
    );
    await world.untilNoAlert();
  });
});

describe('a global entry that is damaged', () => {
  it.each(DAMAGED)(
    '(%s) is left alone and shown, and mended all goes on',
    async (_, text, reason) => {
      await world.startEngine();
      const before = await signIn(a, 'before');
      await world.untilHeld(before);
      const bad = text();
      await writeAsClient(world.global, bad);
      const alert = await world.untilAlert('wipe-global');
      expect(alert.message).toMatch(reason);
      const { global } = await world.status();
      expect(global.trouble).toMatch(reason);

      const meanwhile = await signIn(a, 'meanwhile');
      await world.status();
      expect(readText(world.global) === bad, 'the damaged entry is left alone').toBe(true);
      expect(serverIn(a, 'before')).toEqual(before);
      expect(serverIn(b, 'before')).toEqual(before);

      await writeAsClient(world.global, fakeEntry([before]));
      await world.untilHeld(meanwhile);
      await world.untilHeld(before);
      await world.untilNoAlert();
    },
  );

  it.each(['restore', 'remove'] as const)('follows the answer "%s"', async (answer) => {
    await world.startEngine();
    const server = await signIn(a, 'loop');
    await world.untilHeld(server);
    await writeAsClient(world.global, '{"mcpOAuth":{"plain|0":{"accessToken":"half');
    const { id } = await world.untilAlert('wipe-global');
    await world.ask('resolve', { alertId: id, answer });
    if (answer === 'restore') await world.untilHeld(server, [world.global, a, b]);
    else await world.untilGone('loop', [world.global, a, b]);
    await world.untilNoAlert();
  });

  it('is what a command says that it is in the way, and does not do half of it', async () => {
    await world.startEngine();
    const servers = [await signIn(a, 'one'), await signIn(a, 'two')];
    for (const server of servers) await world.untilHeld(server);
    await writeAsClient(damaged, '{}');
    await world.untilAlert('wipe-damaged');
    await writeAsClient(world.global, '{"mcpOAuth":');
    await world.untilAlert('wipe-global');
    await expect(world.ask('resync', {})).rejects.toThrow(/not valid JSON/);
    const answer = world.answer('wipe-damaged', 'remove');
    await expect(answer).rejects.toThrow(/not valid JSON/);
    await world.answer('wipe-global', 'restore');
    for (const server of servers) await world.untilHeld(server, [world.global, a, b]);
  });

  it('does not keep an engine from starting, and goes on once mended', async () => {
    writeFileSync(entryFile(world.global), '{"mcpOAuth":');
    await world.startEngine();
    await world.untilAlert('wipe-global');
    const server = await signIn(a, 'loop');
    await writeAsClient(world.global, '{"mcpOAuth":{}}');
    await world.untilHeld(server, [world.global, a, b]);
  });
});

describe('values of an unknown form inside an entry', () => {
  const STRANGE: readonly (readonly [string, unknown])[] = [
    ['null for a server', null],
    ['a number for a server', 5],
    ['text for a server', 'token'],
    ['a list for a server', [1, 2]],
    ['a number for its token', { serverName: 'strange', accessToken: 5 }],
    ['an object for its name', { serverName: { a: 1 }, accessToken: '' }],
    ['text for its expiry', { serverName: 'strange', accessToken: '', expiresAt: 'soon' }],
  ];
  const place = (where: string): EntryRef => (where === 'global' ? world.global : world.ref(where));

  it.each(
    STRANGE.flatMap(([what, value]) => [
      ['a', what, value] as const,
      ['global', what, value] as const,
    ]),
  )('in the entry of %s (%s) replace no good value, and stop nothing', async (where, _, value) => {
    await world.startEngine();
    const server = await signIn(b, 'strange');
    await world.untilHeld(server);
    await editAsClient(place(where), (blob) => {
      blob.mcpOAuth = { [serverKey('strange')]: value as never };
    });
    const other = await signIn(b, 'other');
    await world.untilHeld(other);
    const others = [world.global, a, b].filter(
      ({ configDir }) => configDir !== place(where).configDir,
    );
    await world.untilHeld(server, others);
    await world.status();
    await world.untilNoAlert();
  });

  it('of keys with slashes, tildes, line breaks and prototypes are carried as they are', async () => {
    await world.startEngine();
    const odd = ['a/b~c', '', 'line\nbreak', '__proto__', 'constructor', 'ключ|🔑'];
    const text = `{"mcpOAuth":{${odd.map((key) => `${JSON.stringify(key)}:${JSON.stringify(fakeServer('odd'))}`).join()}},"__proto__":{"x":1},"a/b":2,"":3}`;
    await writeAsClient(a, text);
    await until('every server in every entry', () =>
      [world.global, b].every((ref) => Object.keys(readBlob(ref).mcpOAuth ?? {}).length === 6),
    );
    for (const ref of [a, world.global, b])
      expect(Object.keys(readBlob(ref).mcpOAuth ?? {}).sort()).toEqual([...odd].sort());
    // What is not MCP's stays where it is, as it is, though we write there.
    await world.untilHeld(await signIn(b, 'later'));
    for (const rest of ['"__proto__":{"x":1}', '"a/b":2', '"":3']) {
      expect(readText(a)).toContain(rest);
      for (const ref of [world.global, b]) expect(readText(ref)).not.toContain(rest);
    }
  });
});
