import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serviceName } from '../main/stores/serviceName.ts';
import { createSecurityDouble, type SecurityDouble } from './doubles/security/securityDouble.ts';
import { logOut, signIn, writeAsClient } from './support/clientWrites.ts';
import { makeWorld, type World } from './support/engineHarness.ts';
import { fakeEntry, MARK } from './support/fake.ts';
import { until } from './support/until.ts';

/*
 * Runs whole days with marked tokens, and looks for the mark, plain and encoded, wherever a secret must
 * not be. The harness itself looks through everything under bar/ and all that was printed, after each
 * test of the engine.
 */

const ENCODED = [
  MARK,
  Buffer.from(MARK).toString('hex'),
  Buffer.from(MARK).toString('base64').slice(0, 12),
];

function leaks(text: string): boolean {
  return ENCODED.some((mark) => text.toLowerCase().includes(mark.toLowerCase()));
}

/** Everything that the control socket sends, byte by byte. */
function talk(
  socketPath: string,
  method: string,
  path: string,
  body = '',
): { sent: () => string; done: Promise<void> } {
  let sent = '';
  const { promise, resolve } = Promise.withResolvers<void>();
  const call = request({ socketPath, method, path, agent: false }, (response) => {
    sent += JSON.stringify(response.headers);
    response.on('data', (chunk) => {
      sent += String(chunk);
    });
    response.on('close', resolve);
  });
  // The events stream ends with the engine.
  call.on('error', resolve);
  call.end(body);
  return { sent: () => sent, done: promise };
}

const REQUESTS: readonly [string, string][] = [
  ['status', '{}'],
  ['resync', '{}'],
  ['resync', '{"missionId":"nobody"}'],
  ['journal', '{}'],
  ['restore', '{"id":"20200101-000000-abcdef"}'],
  ['resolve', '{"alertId":"wipe-a","answer":"restore"}'],
  ['remove', '{"id":"a"}'],
  ['attach', '{"folder":"/nowhere"}'],
  ['detach', '{"id":"a"}'],
  ['nonsense', '{}'],
  ['status', '{"broken'],
];

let world: World;
beforeEach(() => {
  world = makeWorld();
});
afterEach(() => world.cleanup());

describe('no secret leaves the entries', () => {
  it('not over the control socket, in events, in the log, in any file of ours, or in a command’s output', async () => {
    const [a, b] = world.addMissions('a', 'b');
    const engine = await world.startEngine();
    const streams = ['/events', '/snapshots'].map((feed) =>
      talk(world.paths.engineSocket, 'GET', feed),
    );
    const loop = await signIn(a, 'loop');
    await world.untilHeld(loop);
    const mail = await signIn(b, 'mail');
    await world.untilHeld(mail);
    await writeAsClient(b, `{"mcpOAuth":{"cut off":"${MARK}`);
    await world.untilAlert('wipe-b');
    const answers = [];
    for (const [command, body] of REQUESTS) {
      const answer = talk(world.paths.engineSocket, 'POST', `/${command}`, body);
      await answer.done;
      answers.push(answer.sent());
    }
    await world.answer('wipe-b', 'restore');
    await logOut(a, 'loop');
    await world.untilGone('loop');
    for (const args of [
      ['status'],
      ['journal', 'ls'],
      ['log'],
      ['alerts'],
      ['doctor'],
      ['mission', 'ls'],
      ['resync'],
    ]) {
      await world.run(args);
      await world.run([...args, '--json']);
    }
    expect(readFileSync(`/proc/${engine.pid}/cmdline`, 'latin1')).not.toContain(MARK);
    expect(readFileSync(`/proc/${engine.pid}/environ`, 'latin1')).not.toContain(MARK);
    await engine.kill('SIGTERM');
    await Promise.all(streams.map(({ done }) => done));
    const streamed = streams.map(({ sent }) => sent());
    expect(streamed[0]).toContain('"sync"');
    expect(streamed[1]).toContain('"revision"');
    expect(answers.join('\n')).toContain('"usable"');
    expect([...streamed, ...answers].filter(leaks)).toEqual([]);
  });
});

describe('no secret is in the arguments or the environment of a process', () => {
  let keychain: SecurityDouble;
  beforeEach(async () => {
    keychain = await createSecurityDouble();
  });
  afterEach(() => keychain.dispose());

  /** Arguments and environment of every process below one, looked at again and again. */
  function watchChildren(pid: number) {
    let seen = '';
    let processes = 0;
    const timer = setInterval(() => {
      for (const child of childrenOf(pid)) {
        processes += 1;
        for (const file of ['cmdline', 'environ']) seen += readOrNothing(`/proc/${child}/${file}`);
      }
    }, 1);
    return {
      end() {
        clearInterval(timer);
        return { seen, processes };
      },
    };
  }

  it('with the keychain too, as long as an entry fits into a line', async () => {
    world.addMissions('a', 'b', 'c');
    const engine = await world.startEngine({
      env: { ...keychain.env, HOME: world.env.HOME ?? '', AGENC_BAR_STORE: 'security' },
    });
    const children = watchChildren(engine.pid);
    const [service, others] = [
      serviceName(world.ref('a')),
      ['b', 'c'].map((id) => serviceName(world.ref(id))),
    ];
    const entry = fakeEntry(['loop', 'mail']);
    await keychain.put(service, entry);
    const arrived = (): boolean =>
      others.every((other) => keychain.value(other)?.includes(MARK) === true);
    await until(() => 'the sign-in in every keychain item', arrived);
    const { seen, processes } = children.end();
    await engine.kill('SIGTERM');
    expect(processes).toBeGreaterThan(0);
    expect(leaks(seen)).toBe(false);
    // The one call that carries it is the test's own, which plays the client.
    const carrying = keychain.calls().filter((argv) => leaks(argv.join(' ')));
    expect(carrying).toHaveLength(1);
  });
});

function childrenOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    );
  } catch {
    // It ended between two looks.
    return [];
  }
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // The process ended between two looks.
    return '';
  }
}
