import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { dirname, join } from 'node:path';
import { findSocket } from '../../main/system/socketPath.ts';
import { signIn } from '../support/clientWrites.ts';
import { fakeToken } from '../support/fake.ts';
import { putServer } from '../support/oauthScene.ts';
import { putOdd } from './attacks/oddFiles.ts';
import type { Step } from './fuzzSteps.ts';
import { descriptorsOf } from './processFacts.ts';
import { type Scene, said } from './scene.ts';
import { metadata } from './thief.ts';

/** Less than what the engine refreshes ahead of: due as soon as an engine finds it at its start. */
const DUE_MS = 120_000;
const MISSION = 'fuzzing';

/** Does what a sequence of steps says to a scene. */
export interface Fuzzer {
  /** Of the authorization server that answers what a step says. */
  readonly origin: string;
  /** The fuzzing mission's own. */
  readonly folder: string;
  /**
   * Does the steps; then an honest mission signs in, and all others must have that.
   * @throws Error that says what did not hold
   */
  run(steps: readonly Step[]): Promise<void>;
  close(): Promise<void>;
}

export async function createFuzzer(scene: Scene): Promise<Fuzzer> {
  const { world, honest } = scene;
  const [first = world.global, second = world.global] = honest;
  const ref = world.addMission(MISSION, { entry: '{"mcpOAuth":{}}' });
  const folder = join(world.paths.missions, MISSION);
  let answer = { status: 200, text: '{}' };
  let wrapperSays = '';

  const asServer = createServer((request, response) => {
    request.resume();
    if (request.url?.startsWith('/.well-known/')) {
      response.end(JSON.stringify(metadata(origin, origin)));
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(answer.text);
  });
  await listen(asServer, 0);
  const origin = `http://127.0.0.1:${(asServer.address() as AddressInfo).port}`;
  const wrapper = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.write(`${wrapperSays}\n`);
  });

  function remake(): void {
    for (const wanted of [folder, join(folder, 'agent'), ref.configDir]) {
      try {
        mkdirSync(wanted, { recursive: true });
      } catch {
        // Something else lies there: a step before wants it so.
      }
    }
  }

  function put(path: string, act: (whole: string) => void): void {
    remake();
    const whole = join(folder, path);
    try {
      mkdirSync(dirname(whole), { recursive: true });
      act(whole);
    } catch {
      // What lies in the way is itself a result of the steps before.
    }
  }

  async function restartWrapper(): Promise<void> {
    wrapper.closeAllConnections();
    if (wrapper.listening) await new Promise((resolve) => wrapper.close(resolve));
    rmSync(join(folder, 'wrapper.sock'), { recursive: true, force: true });
    await listen(wrapper, join(folder, 'wrapper.sock'));
    rerun();
  }

  function rerun(): void {
    put('pid', (path) => {
      rmSync(path, { recursive: true, force: true });
      writeFileSync(path, `${process.pid}\n`);
    });
  }

  /** It gets ready in spite of it, or says what is wrong and ends; then it starts once that is gone. */
  async function restartOn({ path, kind, text }: Extract<Step, { do: 'bar' }>): Promise<void> {
    const whole = join(world.paths.bar, path);
    const spoil = (): void => {
      rmSync(whole, { recursive: true, force: true });
      if (kind === null) writeFileSync(whole, text);
      else putOdd(whole, kind);
    };
    await scene.restartEngine(spoil).catch(async (error: Error) => {
      if (/in 20 s|TypeError|RangeError|^\s+at .*out\//m.test(error.message)) throw error;
      await scene.restartEngine(() => rmSync(whole, { recursive: true, force: true }));
    });
    // What was in the way of the honest missions' life may lie there until somebody takes it away.
    rmSync(whole, { recursive: true, force: true });
    await scene.restartEngine();
  }

  async function take(step: Step): Promise<void> {
    switch (step.do) {
      case 'odd':
        return put(step.path, (path) => putOdd(path, step.kind));
      case 'text':
        return put(step.path, (path) => {
          rmSync(path, { recursive: true, force: true });
          writeFileSync(path, step.text);
        });
      case 'remove':
        return put(step.path, (path) => rmSync(path, { recursive: true, force: true }));
      case 'rerun':
        return rerun();
      case 'http':
        return sendRaw(world.paths.engineSocket, step.bytes);
      case 'wrapper':
        wrapperSays = step.answer;
        remake();
        return restartWrapper();
      case 'token':
        answer = { status: step.status, text: step.answer };
        // Whichever engine is started next finds it due.
        await putServer(second, {
          serverName: 'fuzzed',
          serverUrl: `${origin}/mcp`,
          accessToken: fakeToken('access'),
          refreshToken: fakeToken('refresh'),
          expiresAt: Date.now() + DUE_MS,
          clientId: 'client',
          issuer: origin,
          discoveryState: { authorizationServerUrl: origin, oauthMetadataFound: true },
        });
        return;
      case 'bar':
        return restartOn(step);
    }
  }

  return {
    origin,
    folder,
    async run(steps) {
      for (const step of steps) await take(step);
      const pulse = await signIn(first, 'pulse');
      await world.untilHeld(pulse, scene.everyone);
      const { engine } = await world.status();
      if (engine.pid !== scene.engine.pid)
        throw new Error(`another engine answers. ${said(scene.engine)}`);
      if (descriptorsOf(scene.engine.pid) > scene.descriptors + 100)
        throw new Error(`${descriptorsOf(scene.engine.pid)} descriptors are open`);
    },
    async close() {
      wrapper.closeAllConnections();
      asServer.closeAllConnections();
      wrapper.close();
      await new Promise((resolve) => asServer.close(resolve));
    },
  };
}

function listen(server: Server, where: number | string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const done = (): void => {
      server.off('error', reject);
      resolve();
    };
    if (typeof where === 'number') server.listen(where, '127.0.0.1', done);
    else server.listen(where, done);
  });
}

/** Sends bytes, and takes whatever answer comes first, or the end. */
function sendRaw(socket: string, bytes: string): Promise<void> {
  const path = findSocket(socket);
  if (path === null) return Promise.resolve();
  return new Promise((resolve) => {
    const connection = connect(path);
    const done = (): void => {
      connection.destroy();
      resolve();
    };
    connection.on('data', done);
    connection.on('close', done);
    connection.on('error', done);
    // Half a request gets no answer: whoever sent it hangs up.
    connection.end(bytes);
  });
}
