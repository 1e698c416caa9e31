import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainName } from '../../main/missions/mission.ts';
import { followSnapshots } from '../../main/service/client.ts';
import { commands } from '../../main/service/contract/engine.ts';
import { entryFile } from '../support/clientWrites.ts';
import { type CommandRun, makeWorld, type World } from '../support/engineHarness.ts';
import { fakeEntry, fakeServer } from '../support/fake.ts';

/** Puts a command into the clipboard, clears the screen, and goes to its top. */
const ESCAPES = '\u001b]52;c;Y3VybCBldmls\u0007\u001b[2J\u001b[H';
/** Turned reading order, a second line, what is not seen at all. */
const TRICKS = '\u202etxt.\u2066\nagenc-bar: all is well\r\u2028\u200b\u009b2J\u061c';
const HOSTILE_ID = `x${ESCAPES}\u202e`;

// What may never reach a terminal; a line break of ours may.
const UNFIT =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the point
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

// Twenty commands, each a process of its own.
const LIMIT_MS = 120_000;

let world: World;
beforeEach(() => {
  world = makeWorld();
  const server = fakeServer(`one${ESCAPES}${TRICKS}`);
  world.addMission('good', { entry: fakeEntry([server, 'two']) });
  // No mission, by its name: an alert says so, and names it.
  world.addMission(HOSTILE_ID, { entry: '{"mcpOAuth":' });
  world.addMission('broken', { entry: '{"mcpOAuth":' });
  world.addMission('named', { entry: fakeEntry([]), running: false });
  const file = { name: `fix${ESCAPES}${TRICKS}`, repo: `owner/${ESCAPES}` };
  writeFileSync(join(world.paths.missions, 'named', 'mission.json'), JSON.stringify(file));
});
afterEach(() => world.cleanup());

function expectHarmless({ stdout, stderr }: CommandRun): void {
  expect(stdout).not.toMatch(UNFIT);
  expect(stderr).not.toMatch(UNFIT);
  expect(stderr).not.toMatch(/^agenc-bar: all is well/m);
  expect(stdout).not.toMatch(/^agenc-bar: all is well/m);
}

const COMMANDS: readonly (readonly string[])[] = [
  ['status'],
  ['mission', 'ls'],
  ['log'],
  ['alerts'],
  ['resync'],
  ['journal', 'ls'],
  ['doctor'],
  ['mission', 'stop', 'named'],
  ['mission', 'restart', 'named'],
  ['mission', 'rm', HOSTILE_ID],
  ['mission', 'rm', `none${ESCAPES}`],
  ['mission', 'detach', HOSTILE_ID],
  ['resolve', `wipe-${HOSTILE_ID}`, `keep${ESCAPES}`],
  ['mission', 'login', HOSTILE_ID, `one${ESCAPES}`],
  ['mission', 'open', `none${ESCAPES}`],
  ['journal', 'restore', `none${ESCAPES}`],
  [`st${ESCAPES}`],
  ['status', `--x${ESCAPES}`],
];

describe('a terminal that shows what a mission wrote', () => {
  it(
    'is not taken over, its clipboard not written, by any command',
    async () => {
      await world.startEngine();
      await world.untilAlert('missions-odd');
      await world.untilAlert('wipe-broken');
      const runs = await Promise.all(COMMANDS.map((args) => world.run(args)));
      for (const [index, run] of runs.entries()) {
        expect(run.stdout + run.stderr, COMMANDS[index]?.join(' ')).not.toBe('');
        expectHarmless(run);
      }
      const status = await world.run(['status']);
      expect(status.stdout, 'the name is still told').toMatch(/one�\]52;c;/);
    },
    LIMIT_MS,
  );

  it(
    'gets JSON that says the same in escapes',
    async () => {
      await world.startEngine();
      const asked = [['status'], ['mission', 'ls'], ['alerts'], ['log', '--mission', 'good']];
      const runs = await Promise.all(asked.map((args) => world.run([...args, '--json'])));
      for (const run of runs) expectHarmless(run);
      const { missions, alerts } = commands.status.result.parse(runs[0]?.json);
      expect(missions.map(({ id }) => id)).toEqual(['broken', 'good', 'named']);
      expect(alerts.map(({ id }) => id)).toContain('missions-odd');
      // A mission's name is made plain where it is read; a server's is what others look it up by.
      expect(missions.map(({ name }) => name)).toContain(plainName(`fix${ESCAPES}${TRICKS}`));
      const servers = missions.flatMap((mission) => mission.servers.map(({ name }) => name));
      expect(servers).toContain(`one${ESCAPES}${TRICKS}`);
    },
    LIMIT_MS,
  );

  it(
    'without an engine neither',
    async () => {
      const asked = [['status'], ['mission', 'ls'], ['alerts'], ['doctor'], ['journal', 'ls']];
      for (const run of await Promise.all(asked.map((args) => world.run(args))))
        expectHarmless(run);
    },
    LIMIT_MS,
  );
});

/** What a JSON parser takes for a number; a server's "never" is the second (RFC 6749 sets no limit). */
const EXPIRIES = [
  1e20,
  9.223372036854776e21,
  8.7e15,
  -5,
  -1e300,
  1.7e308,
  8.64e15,
  2.6e14,
  1.5e12 + 0.5,
];

it(
  'an expiry that is no time neither ends the engine nor hides anything but itself',
  async () => {
    const engine = await world.startEngine();
    const servers = EXPIRIES.map((expiresAt, index) =>
      fakeServer(`odd-${index}`, {
        expiresAt,
        clientId: 'client',
        discoveryState: { authorizationServerUrl: 'http://127.0.0.1:9' },
      }),
    );
    writeFileSync(entryFile(world.ref('good')), fakeEntry([...servers, 'two']), { mode: 0o600 });
    for (const server of servers) await world.untilHeld(server, [world.global]);
    const over = new AbortController();
    // The very first thing that a follower is told once ended the engine.
    for await (const { snapshot } of await followSnapshots(world.paths.engineSocket, over.signal)) {
      expect(snapshot.missions).toHaveLength(3);
      for (const [index, expiresAt] of EXPIRIES.entries()) {
        const found = snapshot.global.servers.find(({ name }) => name === `odd-${index}`);
        const isTime = expiresAt >= 0 && expiresAt <= 8.64e15;
        expect(found).toMatchObject({ status: 'usable', expiresAt: isTime ? expiresAt : null });
      }
      break;
    }
    over.abort();
    const { code, stdout } = await world.run(['status']);
    expect(code).toBe(0);
    expect(stdout).toContain('odd-1,');
    expect(engine.alive()).toBe(true);
  },
  LIMIT_MS,
);
