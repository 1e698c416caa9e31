import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createSocket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { followSnapshots } from '../../main/service/client.ts';
import { signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { until } from '../support/until.ts';

/* A mission can put a server of its own in the place of its wrapper's socket. */

const SLOW = 120_000;
const MEGABYTE = 1024 * 1024;

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

const socketOf = (id: string) => join(world.paths.missions, id, 'wrapper.sock');
const honest = {
  missionId: 'x',
  pid: 1,
  claudePid: null,
  mode: 'headless',
  phase: 'running',
  activity: 'busy',
  attention: false,
  startedAt: '2026-01-01T00:00:00.000Z',
  claudeStartedAt: null,
  exitCode: null,
};
const line = (lies: object) => `${JSON.stringify({ ...honest, ...lies })}\n`;

/** Says something whenever there is room for it. */
function flood(response: ServerResponse, say: () => string | Buffer): void {
  const go = (): void => {
    while (!response.destroyed && response.write(say()));
  };
  response.on('drain', go);
  go();
}

const letters = Buffer.alloc(64 * 1024, 97);
const lies: Readonly<Record<string, (response: ServerResponse) => unknown>> = {
  'that started never': (response) => response.write(line({ startedAt: 'never' })),
  'that started at terminal escapes': (response) =>
    response.write(line({ startedAt: '\u001b]0;x\u0007' })),
  'that ended with what is no number': (response) =>
    response.write(line({}).replace('"exitCode":null', '"exitCode":1e999')),
  'that speaks in one endless line': (response) => flood(response, () => letters),
  'that says nothing': () => undefined,
};

/** Listens for a mission, and counts who came and who has had enough. */
async function lie(
  id: string,
  how: (response: ServerResponse) => unknown,
): Promise<{ readonly asked: number; readonly left: number }> {
  const visits = { asked: 0, left: 0 };
  const server = createServer((_, response) => {
    visits.asked += 1;
    response.on('close', () => {
      visits.left += 1;
    });
    response.on('error', () => undefined);
    how(response);
  });
  await new Promise<void>((resolve) => server.listen(socketOf(id), resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return visits;
}

const memoryOf = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

describe.skipIf(process.platform !== 'linux')('a wrapper', () => {
  it.for(Object.keys(lies))(
    '%s costs its own mission what is known of its run, and nobody anything else',
    { timeout: SLOW },
    async (what) => {
      const [a, b] = world.addMissions('a', 'b');
      world.addMission('x', { running: false });
      const engine = await world.startEngine();
      const before = memoryOf(engine.pid);
      const visits = await lie('x', (response) => lies[what]?.(response));
      world.setRunning('x');
      await until('the engine asks it', () => visits.asked > 0);
      // Who says nothing may still be about to.
      if (what !== 'that says nothing')
        await until('the engine has heard enough', () => visits.left > 0);
      await until('x is seen to run', async () => (await world.mission('x')).state === 'running');
      expect((await world.mission('x')).run).toBeNull();
      await world.untilHeld(await signIn(a, 'loop'), [world.global, b]);

      const { json, code } = await world.run(['mission', 'ls', '--json']);
      expect(code).toBe(0);
      expect(json).toMatchObject({ missions: [{ id: 'a' }, { id: 'b' }, { id: 'x', run: null }] });
      const ending = new AbortController();
      for await (const { snapshot } of await followSnapshots(
        world.paths.engineSocket,
        ending.signal,
      )) {
        expect(snapshot.missions).toHaveLength(3);
        break;
      }
      ending.abort();
      expect(memoryOf(engine.pid) - before).toBeLessThan(200 * MEGABYTE);
      expect(engine.alive()).toBe(true);
    },
  );

  it(
    'that lies is told apart where no engine runs',
    async () => {
      world.addMission('x');
      await lie('x', (response) => response.end(line({ startedAt: 'never' })));
      const { json, code } = await world.run(['mission', 'ls', '--json']);
      expect([code, json]).toEqual([0, expect.objectContaining({ missions: [expect.anything()] })]);
      expect(json).toMatchObject({ missions: [{ id: 'x', run: null }] });
    },
    SLOW,
  );

  it(
    'that answered well and then endlessly raises an alert about that mission',
    async () => {
      world.addMission('x', { running: false });
      await world.startEngine();
      await lie('x', (response) => {
        response.write(line({}));
        flood(response, () => letters);
      });
      world.setRunning('x');
      expect(await world.untilAlert('wrapper-x')).toMatchObject({
        kind: 'hostile',
        missionId: 'x',
      });
      expect((await world.mission('x')).run).toBeNull();
    },
    SLOW,
  );

  it(
    'that is a link to another program’s socket is not spoken to',
    async () => {
      const other = join(world.root, 'agent.sock');
      let visits = 0;
      const server = createSocket((connection) => {
        visits += 1;
        connection.destroy();
      });
      await new Promise<void>((resolve) => server.listen(other, resolve));
      onTestFinished(() => void server.close());
      world.addMission('x');
      symlinkSync(other, socketOf('x'));
      expect((await world.run(['mission', 'ls', '--json'])).code).toBe(0);
      expect((await world.run(['mission', 'stop', 'x'])).code).toBe(1);
      expect(existsSync(other)).toBe(true);
      expect(visits).toBe(0);
    },
    SLOW,
  );
});
