import pLimit from 'p-limit';
import type { BroadcastFile } from '../broadcast/broadcastFile.ts';
import { createDigester, type Digester } from '../credentials/digest.ts';
import { type Entry, serialiseEntry } from '../credentials/entry.ts';
import { type FieldId, fieldsOf, isServerField, splitField } from '../credentials/fields.ts';
import type { JournalValue } from '../journal/journal.ts';
import { entryRef, type Mission } from '../missions/mission.ts';
import { unavailableFrom } from '../stores/fileErrors.ts';
import { type EntryRef, type Unavailable, unavailable, type WriteResult } from '../stores/store.ts';
import type { Clock } from '../system/clock.ts';
import { GLOBAL_PLACE } from '../trust/signIn.ts';
import type { MadePlan } from './answeredPlan.ts';
import { createBringers } from './bringers.ts';
import { type EntryView, type LoadedEntry, viewOf, viewOfEntry } from './entryView.ts';
import type { Direction, Emit } from './events.ts';
import { changedFields, globalChanges, goingValues } from './goingValues.ts';
import { inspect } from './inspect.ts';
import { createLately } from './lately.ts';
import { createLeftOut } from './leftOut.ts';
import { clearNeedsAuth, madeUsable, NEEDS_AUTH_CACHE } from './needsAuthCache.ts';
import {
  type Inspection,
  type MissionOutcome,
  namesOf,
  type ReconcileOutcome,
  type ReconcileRequest,
  refusedOf,
  type Target,
  type Trouble,
} from './outcome.ts';
import type { Plan, PlannedMission } from './plan.ts';
import {
  contentOf,
  createReader,
  finalEntry,
  type LoadedMission,
  placeOfMission,
  type ReaderDeps,
  type Reading,
} from './reader.ts';
import { replacementsOf } from './replacements.ts';
import { createSharedNotes } from './sharedNotes.ts';
import { wipeDigest } from './wipe.ts';

export interface ReconcilerDeps extends Omit<ReaderDeps, 'lately'> {
  /** Below it no link is followed. */
  readonly missionsFolder: string;
  readonly broadcast: Pick<BroadcastFile, 'announce'>;
  readonly journal: { append(values: readonly JournalValue[]): Promise<void> };
  readonly clock: Clock;
  readonly emit: Emit;
  /** Of the missions that run on the shared store: their clients keep notes of their own there. */
  readonly sharedConfigDirs: () => readonly string[];
}

/**
 * Reads, merges and writes entries. It does not save the lineage and does not guard itself against
 * another run at the same time: its owner does both, and so holds the lock on the global entry.
 */
export interface Reconciler {
  reconcile(request: ReconcileRequest): Promise<ReconcileOutcome>;
  /** What each entry is, and whether a reconcile would change anything. Writes nothing. */
  inspect(missions: readonly Mission[]): Promise<Inspection>;
  /** A mission is gone. */
  forget(missionId: string): void;
}

/** How often a global entry that keeps moving is merged again before the pass is left for later. */
const MAX_TRIES = 5;
/** Enough to keep a disk busy; each write in flight holds a file descriptor, and macOS gives 256. */
const WRITES_AT_ONCE = 16;

export function createReconciler(
  deps: ReconcilerDeps,
  digester: Digester = createDigester(),
): Reconciler {
  const { store, lineage, clock, emit } = deps;
  const lately = createLately(digester, clock.monotonic);
  const bringers = createBringers();
  const reader = createReader({ ...deps, lately }, digester);
  const limit = pLimit(WRITES_AT_ONCE);
  const sharedNotes = createSharedNotes(digester, deps.sharedConfigDirs, clock.now);
  /** The global entry was written and the others have not been told: outlives a broadcast that failed. */
  let unannounced = false;

  async function reconcile(request: ReconcileRequest): Promise<ReconcileOutcome> {
    const noticedAt = request.noticedAt ?? clock.monotonic();
    /** Whose values the global entry cannot take now; the others are reconciled without them. */
    const leftOut = createLeftOut(outcomeOf);
    for (let tries = 1; ; tries += 1) {
      let reading = await reader.read(leftOut.without(request.targets));
      let plan = reader.plan(reading, request);
      const lacks = plan !== null && plan.globalHeld.size > 0 && request.targets.some(isClone);
      if ((plan?.globalChanged || lacks) && request.others !== undefined) {
        reading = await reader.readMore(reading, leftOut.without(request.others()));
        plan = reader.plan(reading, request);
      }
      const { global } = reading;
      if (plan === null) {
        const blocked = global.status === 'unavailable' ? global : null;
        return leftOut.addTo(untouched(reading, blocked));
      }
      try {
        await deps.journal.append(goingValues(reading, plan, digester, bringers));
        bringers.note(globalChanges(reading, plan, digester));
      } catch (error) {
        const { reason, detail } = unavailableFrom(error);
        return leftOut.addTo(untouched(reading, unavailable(reason, `the journal: ${detail}`)));
      }
      const result = await carryOut(reading, plan, noticedAt);
      if (!('status' in result)) return leftOut.addTo(result);
      if (result.status === 'unavailable') {
        if (!leftOut.add(reading, plan, result)) return leftOut.addTo(untouched(reading, result));
        tries -= 1;
      } else if (tries === MAX_TRIES) {
        const why = 'the global entry keeps changing while it is merged';
        return leftOut.addTo(untouched(reading, unavailable('busy', why)));
      }
    }
  }

  /**
   * Writes the global entry, tells everybody, then writes the missions. These get ready meanwhile, so that
   * one wait for the disk serves all; their entries are touched only once the global one holds the plan's.
   */
  async function carryOut(
    reading: Reading,
    plan: MadePlan,
    noticedAt: number,
  ): Promise<ReconcileOutcome | Exclude<WriteResult, { status: 'written' }>> {
    const { after, changed } = finalEntry(reading.global, plan.global);
    const troubles: Trouble[] = [];
    const planned = new Map(plan.missions.map((mission) => [mission.id, mission]));
    const go = Promise.withResolvers<boolean>();
    const writing = writeIfChanged(deps.global, reading.global, plan.global);
    const finishing = Promise.all(
      reading.missions.map((mission) =>
        limit(() =>
          finishSafely(
            mission,
            planned.get(mission.target.mission.id),
            go.promise,
            noticedAt,
            troubles,
          ),
        ),
      ),
    );
    try {
      const written = await writing;
      if (written.status !== 'written') return written;
      return await carryDown(written);
    } finally {
      // Whatever happened: nobody waits for it for ever, and nothing is written after the reconcile's end.
      go.resolve(false);
      await finishing;
    }

    async function carryDown(
      written: Extract<WriteResult, { status: 'written' }>,
    ): Promise<ReconcileOutcome> {
      const durationMs = changed ? clock.monotonic() - noticedAt : null;
      const view = viewOfEntry(after, digester);
      noteSignedOut(after, plan);
      deps.destinations.replaced(contentOf(reading.global).entry, after);
      lineage.setGlobal({
        place: reader.globalRecord().place,
        known: new Set([...fieldsOf(after).keys(), ...plan.globalHeld]),
        held: plan.globalHeld,
        shares: plan.shares,
      });
      lately.note(GLOBAL_PLACE, after);
      lately.noteGlobal(after);
      if (changed) {
        unannounced = true;
        for (const { id, up } of plan.missions) {
          if (up.length > 0) report('up', id, up, namesOf(up, after), view, noticedAt);
        }
      }
      if (unannounced) await announce(troubles);
      go.resolve(true);
      if (changed)
        await clearNames(
          deps.global.configDir,
          newlyUsable(reading.global, after, clock.now()),
          troubles,
        );
      const shared = sharedNotes.look(after);
      for (const configDir of shared.configDirs)
        await clearNames(configDir, shared.names, troubles);
      return {
        global: {
          view,
          stamp: written.stamp ?? null,
          changed,
          held: namesOf(plan.globalHeld),
          heldDigest: wipeDigest(plan.globalHeld),
          tampered: reader.tampered(after, null),
          durationMs,
        },
        replacements: replacementsOf(
          contentOf(reading.global).entry,
          after,
          plan.missions,
          digester,
          clock.now(),
        ),
        targets: reading.missions.map(({ target }) => target),
        blocked: null,
        answered: plan.answered,
        missions: new Map(await finishing),
        troubles,
      };
    }
  }

  /** What everybody had and nobody has any more, though no wipe took it. */
  function noteSignedOut(after: Entry | null, { globalHeld }: Plan): void {
    const fields = fieldsOf(after);
    for (const id of reader.globalRecord().known)
      if (isServerField(id) && !fields.has(id) && !globalHeld.has(id))
        deps.destinations.signedOut(splitField(id).key);
  }

  /** One mission's part. Whatever goes wrong in it is that mission's outcome, and nobody else's. */
  async function finishSafely(
    ...[mission, ...rest]: Parameters<typeof finishMission>
  ): Promise<[string, MissionOutcome]> {
    try {
      return await finishMission(mission, ...rest);
    } catch (error) {
      return [mission.target.mission.id, outcomeOf(unavailableFrom(error))];
    }
  }

  /** Writes one mission's entry if it changed, and only then advances its lineage. */
  async function finishMission(
    { target: { mission, phase }, loaded }: LoadedMission,
    planned: PlannedMission | undefined,
    go: Promise<boolean>,
    noticedAt: number,
    troubles: Trouble[],
  ): Promise<[string, MissionOutcome]> {
    const { id } = mission;
    if (planned === undefined) return [id, outcomeOf(loaded)];
    const { after, changed } = finalEntry(loaded, planned.entry);
    const up = namesOf(planned.up, after);
    const written = await writeIfChanged(entryRef(mission), loaded, planned.entry, go);
    if (written.status === 'unavailable') {
      // It could be read: what it holds is known, only not yet what the others have.
      const busy = written.reason === 'busy' && loaded.status === 'ok';
      return [
        id,
        { ...(busy ? { ...outcomeOf(loaded), status: 'busy' } : outcomeOf(written)), up },
      ];
    }
    if (written.status === 'moved') return [id, { ...outcomeOf(loaded), status: 'moved', up }];

    const durationMs = changed ? clock.monotonic() - noticedAt : null;
    const record = reader.missionRecord(mission);
    lineage.setMission(id, {
      place: record.place,
      base: planned.base,
      held: planned.held,
      open: phase === undefined ? record.open : phase === 'clone',
      lastSyncAt: changed || up.length > 0 ? clock.now() : record.lastSyncAt,
    });
    lately.note(placeOfMission(id), after);
    if (phase === 'clone') lately.cloned(placeOfMission(id), planned.up);
    const before = contentOf(loaded).entry;
    if (changed) deps.destinations.replaced(before, after);
    const fields = [...changedFields(before, after)];
    const down = namesOf(fields, after, before);
    const view = viewOfEntry(after, digester);
    if (changed) {
      report('down', id, fields, down, view, noticedAt);
      await clearNames(mission.configDir, newlyUsable(loaded, after, clock.now()), troubles);
    }
    const held = namesOf(planned.held);
    const heldDigest = wipeDigest(planned.held);
    const conflicts = namesOf(planned.conflicts, after);
    const stamp = written.stamp ?? null;
    const tampered = reader.tampered(after, id);
    const oversized = namesOf(planned.oversized, after);
    const refused = refusedOf(planned, after);
    const news = { up, down, held, heldDigest, conflicts, tampered, oversized, refused };
    return [id, { status: 'done', view, stamp, ...news, durationMs }];
  }

  async function writeIfChanged(
    ref: EntryRef,
    loaded: LoadedEntry,
    planned: Entry | null,
    go?: Promise<boolean>,
  ): Promise<WriteResult> {
    if (loaded.status === 'unavailable') return loaded;
    const { after, changed } = finalEntry(loaded, planned);
    if (changed && after !== null) return store.write(ref, serialiseEntry(after), loaded.text, go);
    if (go !== undefined && !(await go)) return { status: 'moved' };
    return { status: 'written', ...(loaded.stamp !== null && { stamp: loaded.stamp }) };
  }

  /** Where a server became usable, the client's note that it wants a sign-in goes. */
  async function clearNames(
    configDir: string,
    names: string[],
    troubles: Trouble[],
  ): Promise<void> {
    if (names.length === 0) return;
    try {
      await clearNeedsAuth(configDir, names, deps.missionsFolder);
    } catch (error) {
      const message = `A client's note that it needs a sign-in could not be removed, so it may not connect although it could: ${unavailableFrom(error).detail}. Remove ${configDir}/${NEEDS_AUTH_CACHE}.`;
      troubles.push({ kind: 'note', message });
    }
  }

  async function announce(troubles: Trouble[]): Promise<void> {
    try {
      const timestamp = await deps.broadcast.announce();
      unannounced = false;
      emit({ event: 'broadcast', at: clock.now(), timestamp: timestamp / 1e6 });
    } catch (error) {
      const message = `The broadcast file could not be written: ${unavailableFrom(error).detail}`;
      troubles.push({ kind: 'broadcast', message });
    }
  }

  function report(
    direction: Direction,
    missionId: string,
    fields: readonly FieldId[],
    servers: string[],
    view: EntryView,
    noticedAt: number,
  ): void {
    const hash = view.status === 'found' ? view.hash : null;
    const durationMs = clock.monotonic() - noticedAt;
    const what = { direction, missionId, fields, servers, hash, durationMs };
    emit({ event: 'sync', at: clock.now(), ...what });
  }

  function untouched({ global, missions }: Reading, blocked: Unavailable | null): ReconcileOutcome {
    const { view, stamp } = outcomeOf(global);
    return {
      global: {
        view,
        stamp,
        changed: false,
        held: [],
        heldDigest: wipeDigest([]),
        tampered: [],
        durationMs: null,
      },
      replacements: [],
      targets: missions.map(({ target }) => target),
      blocked,
      troubles: [],
      answered: false,
      missions: new Map(
        missions.map(({ target, loaded }) => {
          const outcome = outcomeOf(loaded);
          const busy = blocked?.reason === 'busy' && outcome.status === 'done';
          return [target.mission.id, busy ? { ...outcome, status: 'busy' as const } : outcome];
        }),
      ),
    };
  }

  function outcomeOf(loaded: LoadedEntry): MissionOutcome {
    const stamp = loaded.status === 'unavailable' ? null : loaded.stamp;
    const status = loaded.status === 'ok' ? 'done' : loaded.status;
    return {
      status,
      view: viewOf(loaded, digester),
      stamp,
      up: [],
      down: [],
      held: [],
      heldDigest: wipeDigest([]),
      conflicts: [],
      tampered: [],
      oversized: [],
      refused: null,
      durationMs: null,
    };
  }

  return {
    reconcile,
    inspect: (missions) => inspect(reader, missions, digester),
    forget: (id) => lately.forget(placeOfMission(id)),
  };
}

function isClone({ phase }: Target): boolean {
  return phase === 'clone';
}

function newlyUsable(loaded: LoadedEntry, after: Entry | null, now: number): string[] {
  return madeUsable(contentOf(loaded).entry, after, now);
}
