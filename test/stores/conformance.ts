import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CredentialStore, EntryRef } from '../../main/stores/store.ts';
import { fakeEntry } from '../support/fake.ts';

/** What a store's own test file gives the suite: a fresh, empty place for each test. */
export interface StoreHarness {
  readonly store: CredentialStore;
  readonly global: EntryRef;
  readonly mission: EntryRef;
  readonly other: EntryRef;
  /** Changes an entry from outside, as the client would, past our store. */
  writeFromOutside(ref: EntryRef, text: string): Promise<void>;
  dispose(): Promise<void>;
}

/** The behaviour that every store shares, tested on the real thing wherever it can run. */
export function describeStoreConformance(name: string, make: () => Promise<StoreHarness>): void {
  describe(`${name}: what every store does`, () => {
    let h: StoreHarness;
    beforeEach(async () => {
      h = await make();
    });
    afterEach(async () => {
      await h.dispose();
    });

    it('says absent, and not unavailable, where there is no entry', async () => {
      expect(await h.store.read(h.mission)).toEqual({ status: 'absent' });
    });

    it('gives back exactly what it wrote', async () => {
      const text = fakeEntry(['loop']);
      expect(await h.store.write(h.mission, text, null)).toMatchObject({ status: 'written' });
      expect(await h.store.read(h.mission)).toMatchObject({ status: 'found', text });
    });

    it('keeps entries apart', async () => {
      const [a, b, c] = [fakeEntry(['a']), fakeEntry(['b']), fakeEntry(['c'])];
      await h.store.write(h.global, a, null);
      await h.store.write(h.mission, b, null);
      await h.store.write(h.other, c, null);
      expect(await h.store.read(h.global)).toMatchObject({ text: a });
      expect(await h.store.read(h.mission)).toMatchObject({ text: b });
      expect(await h.store.read(h.other)).toMatchObject({ text: c });
    });

    it('replaces an entry that still is what the caller read', async () => {
      const [before, after] = [fakeEntry(['loop']), fakeEntry(['loop', 'second'])];
      await h.store.write(h.mission, before, null);
      expect(await h.store.write(h.mission, after, before)).toMatchObject({ status: 'written' });
      expect(await h.store.read(h.mission)).toMatchObject({ text: after });
    });

    it('writes nothing when the entry moved since it was read', async () => {
      const [read, moved, ours] = [fakeEntry(['x']), fakeEntry(['y']), fakeEntry(['z'])];
      await h.store.write(h.mission, read, null);
      await h.writeFromOutside(h.mission, moved);
      expect(await h.store.write(h.mission, ours, read)).toEqual({ status: 'moved' });
      expect(await h.store.read(h.mission)).toMatchObject({ text: moved });
    });

    it('touches nothing before it is told to go, and writes nothing if it is told not to', async () => {
      const [before, after] = [fakeEntry(['x']), fakeEntry(['y'])];
      await h.store.write(h.mission, before, null);
      const stop = Promise.withResolvers<boolean>();
      const stopped = h.store.write(h.mission, after, before, stop.promise);
      expect(await h.store.read(h.mission)).toMatchObject({ text: before });
      stop.resolve(false);
      expect(await stopped).toEqual({ status: 'moved' });
      expect(await h.store.read(h.mission)).toMatchObject({ text: before });
      const going = h.store.write(h.mission, after, before, Promise.resolve(true));
      expect(await going).toMatchObject({ status: 'written' });
      expect(await h.store.read(h.mission)).toMatchObject({ text: after });
    });

    it('writes nothing when an entry appeared that was absent', async () => {
      const theirs = fakeEntry(['theirs']);
      await h.writeFromOutside(h.mission, theirs);
      expect(await h.store.write(h.mission, fakeEntry(['ours']), null)).toEqual({
        status: 'moved',
      });
      expect(await h.store.read(h.mission)).toMatchObject({ text: theirs });
    });

    it('reads what another program wrote', async () => {
      const text = fakeEntry(['outside']);
      await h.writeFromOutside(h.mission, text);
      expect(await h.store.read(h.mission)).toMatchObject({ status: 'found', text });
    });

    it('keeps characters outside ASCII, as JSON', async () => {
      const text = fakeEntry(['zażółć-日本-😀']);
      await h.store.write(h.mission, text, null);
      const read = await h.store.read(h.mission);
      expect(read.status).toBe('found');
      if (read.status === 'found') expect(JSON.parse(read.text)).toEqual(JSON.parse(text));
    });

    it('keeps an entry of 15 servers and one of 300', async () => {
      for (const count of [15, 300]) {
        const text = fakeEntry(Array.from({ length: count }, (_, i) => `server-${i}`));
        const now = await h.store.read(h.mission);
        await h.store.write(h.mission, text, now.status === 'found' ? now.text : null);
        const read = await h.store.read(h.mission);
        expect(read.status).toBe('found');
        if (read.status === 'found') expect(JSON.parse(read.text)).toEqual(JSON.parse(text));
      }
    });

    it('removes an entry, and removing an absent one is no error', async () => {
      const text = fakeEntry(['gone']);
      await h.store.write(h.mission, text, null);
      expect(await h.store.remove(h.mission, text)).toMatchObject({ status: 'written' });
      expect(await h.store.read(h.mission)).toEqual({ status: 'absent' });
      expect(await h.store.remove(h.mission, null)).toMatchObject({ status: 'written' });
    });

    it('does not remove an entry that moved since it was read', async () => {
      const [read, moved] = [fakeEntry(['x']), fakeEntry(['y'])];
      await h.store.write(h.mission, read, null);
      await h.writeFromOutside(h.mission, moved);
      expect(await h.store.remove(h.mission, read)).toEqual({ status: 'moved' });
      expect(await h.store.read(h.mission)).toMatchObject({ text: moved });
    });

    it('changes its stamp, where it has one, when the entry changes from outside', async () => {
      await h.store.write(h.mission, fakeEntry(['x']), null);
      const before = await h.store.stamp(h.mission);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await h.writeFromOutside(h.mission, fakeEntry(['y', 'z']));
      const after = await h.store.stamp(h.mission);
      if (before === null) expect(after).toBeNull();
      else expect(after).not.toBe(before);
    });

    it('lets five writers of one entry win one after the other, and loses none of them silently', async () => {
      await h.store.write(h.mission, '{"n":0}', null);
      const add = async (): Promise<void> => {
        for (;;) {
          const read = await h.store.read(h.mission);
          if (read.status !== 'found') throw new Error(`entry became ${read.status}`);
          const next = JSON.stringify({ n: (JSON.parse(read.text) as { n: number }).n + 1 });
          const result = await h.store.write(h.mission, next, read.text);
          if (result.status === 'written') return;
          if (result.status === 'unavailable') throw new Error(result.detail);
        }
      };
      await Promise.all(Array.from({ length: 5 }, add));
      expect(await h.store.read(h.mission)).toMatchObject({ text: '{"n":5}' });
    });
  });
}
