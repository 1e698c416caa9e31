import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { refreshLockName } from '../../main/refresh/refreshLocks.ts';
import { type OAuthMcpServer, startOAuthMcpServer } from '../doubles/oauthMcpServer.ts';
import { endProcess } from '../support/childProcess.ts';
import { signIn } from '../support/clientWrites.ts';
import { makeWorld, type World } from '../support/engineHarness.ts';
import { CLI } from '../support/engineProcess.ts';
import { serverKey } from '../support/fake.ts';
import { putServer, serialIn, signedInAt } from '../support/oauthScene.ts';
import { IN_CONTAINER, whyNoContainer } from '../support/otherPlaces.ts';
import { until } from '../support/until.ts';

/* Two engines on one folder would steal the lock from each other, and lose a refresh that is under way. */

const SLOW = 120_000;

let world: World;
beforeEach(() => {
  world = makeWorld();
  // Comes last: what is registered later is undone first.
  onTestFinished(() => world.cleanup());
});

/** Another program that runs, in the world's environment. */
function run(program: string, ...args: string[]): ChildProcess & { said(): string } {
  const child = spawn(program, args, { env: world.env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => endProcess(child));
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += String(chunk);
    });
  return Object.assign(child, { said: () => text });
}

const noContainer = whyNoContainer();
describe.skipIf(noContainer !== null)(
  `an engine in another container${noContainer === null ? '' : ` (skipped: ${noContainer})`}`,
  () => {
    const inContainer = () => {
      const [program, ...args] = IN_CONTAINER;
      return run(program, ...args, process.execPath, CLI, 'sync', '--json');
    };

    it(
      'does not take the folder from the one that runs, and says where that is',
      async () => {
        const [a, b] = world.addMissions('a', 'b');
        const first = await world.startEngine();
        const second = inContainer();
        const [code] = await once(second, 'close');
        expect(code).toBe(1);
        expect(second.said()).toMatch(/An engine runs on .* already \(in another container/);
        expect(second.said()).toContain(`process ${first.pid} of `);
        await world.untilHeld(await signIn(a, 'loop'), [world.global, b]);
        expect(first.alive()).toBe(true);
      },
      SLOW,
    );

    it(
      'keeps it from one out here, which names no number that means something else here',
      async () => {
        const first = inContainer();
        await until('it is ready', () => first.said().includes('"ready"'), SLOW);
        const second = world.spawnEngine();
        expect((await second.exited).code).toBe(1);
        expect(second.stderr()).toMatch(/already \(in another container.*: process 1 of/);
        expect((await world.status()).engine).toMatchObject({ running: true, pid: 1 });
        const doctor = await world.run(['doctor']);
        expect(doctor.stdout).toContain('An engine runs (in another container');
        first.kill('SIGKILL');
        await once(first, 'close');
        await world.startEngine();
      },
      SLOW,
    );
  },
);

it.skipIf(process.platform !== 'linux')(
  'an engine that was killed and is not buried (no init in its container) holds nothing',
  async () => {
    // `sleep` takes the place of the engine's parent, and never asks after its children.
    const start = `"$0" "$1" sync --json >"$2" & echo $!; exec sleep 3600`;
    const out = join(world.root, 'out');
    const parent = run('sh', '-c', start, process.execPath, CLI, out);
    await until(
      'it is ready',
      () => existsSync(out) && readFileSync(out, 'utf8').includes('ready'),
    );
    const pid = Number(parent.said().trim());
    process.kill(pid, 'SIGKILL');
    const stateOf = () => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    await until('it is a zombie', () => stateOf() === 'Z');
    const engine = await world.startEngine();
    expect((await world.status()).engine.pid).toBe(engine.pid);
    expect(stateOf()).toBe('Z');
  },
  SLOW,
);

describe('an engine whose lock is taken away while a refresh is under way', () => {
  const LOOP = 'loop';
  let oauth: OAuthMcpServer;
  beforeEach(async () => {
    oauth = await startOAuthMcpServer({ accessLifeSeconds: 120 });
    onTestFinished(() => oauth.close());
  });

  it(
    'keeps its refresh locks, waits for the answer, and leaves it to the next engine',
    async () => {
      const places = [world.global, ...world.addMissions('a', 'b')];
      const value = signedInAt(oauth, LOOP);
      for (const place of places) await putServer(place, value);
      oauth.setAccessLife(3_600);
      const answer = Promise.withResolvers<void>();
      oauth.holdTokens(answer.promise);
      const first = world.spawnEngine();
      await first.waitFor('ready');
      await until('the token is sent', () => oauth.tokenRequests.length === 1);
      const locks = () =>
        places.filter(({ configDir }) =>
          existsSync(join(configDir, refreshLockName(serverKey(LOOP)))),
        );
      const held = locks();
      expect(held.length).toBeGreaterThan(0);

      renameSync(world.paths.engineLock, join(world.root, 'engine.lock'));
      await first.waitFor('alert', ({ id }) => id === 'lock');
      const second = world.spawnEngine();
      expect((await second.exited).code, 'nobody starts beside it').toBe(1);
      expect(locks(), 'and nobody takes its locks').toEqual(held);
      expect(first.alive()).toBe(true);

      answer.resolve();
      oauth.holdTokens(null);
      expect((await first.exited).code).toBe(1);
      expect(first.stderr()).toMatch(/^agenc-bar: .*engine\.lock was taken away.*\n$/);
      await world.startEngine();
      const serials = () => places.map((place) => serialIn(oauth, place, LOOP));
      await until(
        () => `the new token everywhere; there is ${serials().join()}`,
        () => serials().every((serial) => serial === 2),
      );
      expect(oauth.tokenRequests, 'no second refresh').toHaveLength(1);
    },
    SLOW,
  );
});
