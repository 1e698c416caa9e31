import { mkdirSync, rmdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refreshLockName } from '../../../main/refresh/refreshLocks.ts';
import { entryFile, lockFolder } from '../../support/clientWrites.ts';
import { fakeEntry, serverKey } from '../../support/fake.ts';
import type { Attack, Deed } from '../attack.ts';

/** Locks that a client holds for milliseconds. */
export const lockAttacks: readonly Attack[] = [
  {
    id: 'lock-held',
    title: 'A mission keeps the lock of its entry for itself, heartbeat and all',
    told: [],
    async launch({ ref }) {
      const lock = lockFolder(ref);
      mkdirSync(lock);
      return every(100, () => utimesSync(lock, new Date(), new Date()));
    },
  },
  {
    id: 'lock-orphan',
    title: 'A mission’s client was killed while it held the lock of its entry',
    told: [],
    async launch({ ref }) {
      mkdirSync(lockFolder(ref));
      return {};
    },
  },
  {
    id: 'lock-file',
    title: 'A mission has a lock that cannot be removed as one: a folder with something in it',
    told: [],
    async launch({ ref }) {
      mkdirSync(join(lockFolder(ref), 'something'), { recursive: true });
      utimesSync(lockFolder(ref), 1, 1);
      return {};
    },
  },
  {
    id: 'refresh-lock-cycle',
    title: 'A mission takes and lets go of a refresh lock again and again',
    told: [],
    async launch(intruder) {
      await intruder.victim(intruder.id, { expiresAt: Date.now() + 120_000 });
      const lock = join(intruder.config, refreshLockName(serverKey(intruder.id)));
      let isHeld = false;
      return every(1, () => {
        if (isHeld) rmdirSync(lock);
        else mkdirSync(lock);
        isHeld = !isHeld;
      });
    },
  },
  {
    id: 'rewrites',
    title: 'A mission rewrites its entry a hundred times a second',
    told: [],
    async launch({ ref }) {
      const texts = Array.from({ length: 2 }, () => fakeEntry(['restless']));
      let count = 0;
      const deed = every(10, () => {
        count += 1;
        writeFileSync(entryFile(ref), texts[count % 2] ?? '', { mode: 0o600 });
      });
      return deed;
    },
  },
  {
    id: 'folder-storm',
    title: 'A mission makes and removes files in its folders without a pause',
    told: [],
    async launch({ folder, config }) {
      let count = 0;
      return every(1, () => {
        count += 1;
        for (const path of [
          join(folder, 'noise'),
          join(config, `.credentials.json.tmp.${hex(count)}`),
        ]) {
          writeFileSync(path, '');
          rmSync(path);
        }
      });
    },
  },
];

function hex(count: number): string {
  return count.toString(16).padStart(8, '0');
}

/** Does something again and again; what the engine takes away meanwhile is no failure of the attacker's. */
export function every(ms: number, act: () => void): Required<Pick<Deed, 'stop'>> {
  const timer = setInterval(() => {
    try {
      act();
    } catch {
      // Somebody was faster: the next time will do.
    }
  }, ms);
  return { stop: () => clearInterval(timer) };
}
