// A wrapper in a process of its own, as `agenc-bar wrap` runs one. Its options are JSON in WRAP; its
// credentials leave their traces in the same file as the fake Claude.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStart } from '../../main/system/processStart.ts';
import { UserError } from '../../main/system/userError.ts';
import { ClaudeFailed } from '../../main/wrapper/course.ts';
import type { WrapperOptions } from '../../main/wrapper/options.ts';
import { runWrapper } from '../../main/wrapper/wrapper.ts';
import type { WrapOptions } from './scene.ts';

const { WRAP = '', ...env } = process.env;
const { cloneMs, fail, ...options } = JSON.parse(WRAP) as WrapOptions;
const { folder } = options.mission;
const tracePath = env.FAKE_TRACE ?? '';

const credentials: WrapperOptions['credentials'] = {
  async clone() {
    trace('clone');
    await sleep(cloneMs ?? 0);
    if (fail === 'clone') throw new UserError('The keychain is locked.', 4);
  },
  async writeBack() {
    trace('writeBack');
    if (fail === 'writeBack') throw new UserError('The keychain is locked.', 4);
  },
};

try {
  process.exitCode = await runWrapper({ ...options, env, credentials });
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = error instanceof ClaudeFailed ? 50 : 1;
}

function trace(what: string): void {
  const text = existsSync(tracePath) ? readFileSync(tracePath, 'utf8') : '';
  const claudes = [...text.matchAll(/"claudePid":(\d+)/g)].map((match) => Number(match[1]));
  const seen = {
    what,
    pidFile: readIfThere(join(folder, 'pid')),
    socket: existsSync(join(folder, 'wrapper.sock')),
    // One that was orphaned may be dead, and not yet looked at by its new parent.
    claudeLives: claudes.some((pid) => processStart(pid) !== null),
  };
  appendFileSync(tracePath, `${JSON.stringify(seen)}\n`);
}

function readIfThere(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}
