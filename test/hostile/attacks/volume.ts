import { writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { editAsClient, entryFile, readBlob, readText } from '../../support/clientWrites.ts';
import { fakeServer, serverKey } from '../../support/fake.ts';
import type { Attack } from '../attack.ts';
import type { Intruder } from '../scene.ts';
import { BOGUS } from '../thief.ts';

/** More than any honest entry has by far. */
const HONEST_ENTRY_BYTES = 1_000_000;

interface Bulk {
  readonly id: string;
  readonly title: string;
  fill(blob: Record<string, unknown>): Record<string, unknown>;
}

const bulks: readonly Bulk[] = [
  {
    id: 'unknown-key-60mb',
    title: 'A mission writes 60 MB into its entry, under a key that nobody knows',
    fill: (blob) => ({ ...blob, blob: 'x'.repeat(60_000_000) }),
  },
  {
    id: 'field-10mb',
    title: 'A mission signs in to a server whose value is 10 MB long',
    fill: (blob) => withServers(blob, { fat: { ...bogus('fat'), note: 'x'.repeat(10_000_000) } }),
  },
  {
    id: 'field-200kb',
    title: 'A mission signs in to a server whose value is 200 kB long',
    fill: (blob) => withServers(blob, { plump: { ...bogus('plump'), note: 'x'.repeat(200_000) } }),
  },
  {
    id: 'servers-20000',
    title: 'A mission signs in to 20,000 servers',
    fill: (blob) =>
      withServers(
        blob,
        Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`s${i}`, bogus(`s${i}`)])),
      ),
  },
];

const bulkAttacks: readonly Attack[] = bulks.map(({ id, title, fill }) => ({
  id,
  title,
  told: ['hostile', 'unavailable', 'wipe'],
  async launch({ ref, scene }) {
    writeFileSync(entryFile(ref), JSON.stringify(fill(readBlob(ref))), { mode: 0o600 });
    return {
      holds() {
        const sizes = scene.everyone.map((place) => readText(place)?.length ?? 0);
        expect(Math.max(...sizes), 'it was not carried to the others').toBeLessThan(
          HONEST_ENTRY_BYTES,
        );
      },
    };
  },
}));

/** A sign-in that vanished everywhere; then so many others that a journal with one quota would forget it. */
const eviction: Attack = {
  id: 'journal-eviction',
  title:
    'A mission rewrites its servers’ values 600 times, so that the journal forgets what others lost',
  told: [],
  async launch(intruder) {
    const { scene } = intruder;
    const precious = await intruder.victim('precious');
    const [first = scene.world.global] = scene.honest;
    await editAsClient(first, (blob) => {
      delete blob.mcpOAuth?.[serverKey('precious')];
    });
    await scene.world.untilGone('precious', scene.everyone);
    await rewriteOften(intruder);
    return {
      async holds() {
        // A start prunes, as each hour does.
        await scene.world.journal().prune();
        const { items } = await scene.world.journal().list();
        const kept = items.filter(({ name }) => name === precious.serverName);
        expect(kept.length, 'the lost sign-in can still be had back').toBeGreaterThan(0);
        expect(items.length, 'the journal does not grow without limit').toBeLessThan(1_000);
      },
    };
  },
};

/** A hundred values at once, so that six times a hundred are enough; each time once the last are everywhere. */
async function rewriteOften({ scene, ref }: Intruder): Promise<void> {
  for (let round = 0; round < 7; round += 1) {
    const values = Array.from({ length: 100 }, (_, index) =>
      fakeServer(`restless-${index}`, { accessToken: `${BOGUS}${round}-${index}` }),
    );
    await editAsClient(ref, (blob) => {
      const servers = values.map((value) => [serverKey(value.serverName), value]);
      blob.mcpOAuth = { ...blob.mcpOAuth, ...Object.fromEntries(servers) };
    });
    await scene.world.untilHeld(values[99] ?? fakeServer(''), scene.everyone);
  }
}

function withServers(blob: Record<string, unknown>, servers: Record<string, unknown>) {
  const keyed = Object.entries(servers).map(([name, value]) => [serverKey(name), value]);
  return { ...blob, mcpOAuth: { ...(blob.mcpOAuth as object), ...Object.fromEntries(keyed) } };
}

function bogus(name: string): Record<string, unknown> {
  return fakeServer(name, {
    accessToken: `${BOGUS}access-${name}`,
    refreshToken: `${BOGUS}refresh-${name}`,
  });
}

export const volumeAttacks: readonly Attack[] = [...bulkAttacks, eviction];
