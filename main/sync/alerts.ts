import type { Clock } from '../system/clock.ts';
import type { Alert, AlertKind, AlertText, Emit } from './events.ts';

/** The open alerts, one per cause: raising the same one again says nothing, its cause going away closes it. */
export interface Alerts {
  /** Opens, changes or (`null`) closes the alert of one cause. */
  set(id: string, alert: Omit<AlertText, 'id'> | null): void;
  /**
   * The one alert of its kind about a mission (`null`: the global entry), whose id says what it asks. One whose cause comes
   * and goes all the time stays open in between.
   * @param delayMs for what may pass by itself: where none is open, it is opened only if its cause lasts that long
   */
  setOnly(
    kind: LoneKind,
    missionId: string | null,
    alert: Pick<AlertText, 'id' | 'servers' | 'message'> | null,
    delayMs?: number,
  ): void;
  /** The same for an alert about the engine itself. */
  setOwn(id: string, kind: AlertKind, message: string | null): void;
  /** Something happened (again) that has no cause to go away: stays open until it is dismissed. */
  happened(alert: AlertText): void;
  /** A mission is gone, and what was told of it; not that it replaced a sign-in of all, for that stays replaced. */
  clearAbout(missionId: string): void;
  get(id: string): Alert | undefined;
  open(): Alert[];
}

/** One that closed that often within {@link FLICKER_MS} closes again only when its cause has been away for as long. */
const MOST_CLOSINGS = 3;
const FLICKER_MS = 60_000;

export function createAlerts(emit: Emit, { now, monotonic, after }: Clock): Alerts {
  const open = new Map<string, Alert>();
  /** By kind and mission: what is opened soon (`null`: what is open is closed soon). */
  const waiting = new Map<string, { next: AlertText | null; readonly cancel: () => void }>();
  /** By kind and mission: when they closed lately. */
  const closings = new Map<string, number[]>();

  function close(id: string): void {
    if (open.delete(id)) emit({ event: 'resolved', at: now(), id });
  }

  function stopWaiting(key: string): void {
    waiting.get(key)?.cancel();
    waiting.delete(key);
  }

  function wait(key: string, next: AlertText | null, ms: number, then: () => void): void {
    stopWaiting(key);
    waiting.set(key, { next, cancel: after(ms, then) });
  }

  function set(id: string, text: Omit<AlertText, 'id'> | null): void {
    if (text === null) {
      close(id);
      return;
    }
    const standing = open.get(id);
    if (standing?.message === text.message) return;
    const alert: Alert = { ...text, id, at: standing?.at ?? now() };
    open.set(id, alert);
    emit({ event: 'alert', ...alert, at: now() });
  }

  function openOf(kind: AlertKind, missionId: string | null): Alert[] {
    return [...open.values()].filter((each) => each.kind === kind && each.missionId === missionId);
  }

  /** Its cause is gone. */
  function closeOnly(kind: LoneKind, missionId: string | null): void {
    const key = keyOf(kind, missionId);
    const standing = openOf(kind, missionId);
    const closeAll = (): void => {
      for (const { id } of standing) close(id);
    };
    if (standing.length === 0) {
      stopWaiting(key);
      return;
    }
    if (waiting.has(key)) return;
    const at = monotonic();
    const lately = (closings.get(key) ?? []).filter((each) => at - each < FLICKER_MS);
    if (lately.length < MOST_CLOSINGS) {
      closings.set(key, [...lately, at]);
      closeAll();
    } else
      wait(key, null, FLICKER_MS, () => {
        stopWaiting(key);
        closeAll();
      });
  }

  return {
    set,
    setOnly(kind, missionId, alert, delayMs = 0) {
      if (alert === null) {
        closeOnly(kind, missionId);
        return;
      }
      const key = keyOf(kind, missionId);
      const text: AlertText = { ...alert, kind, missionId };
      const standing = openOf(kind, missionId);
      const soon = waiting.get(key);
      if (standing.length > 0 || delayMs === 0) {
        stopWaiting(key);
        for (const { id } of standing) if (id !== text.id) close(id);
        set(text.id, text);
      } else if (soon?.next) soon.next = text;
      else
        wait(key, text, delayMs, () => {
          const next = waiting.get(key)?.next;
          stopWaiting(key);
          if (next) set(next.id, next);
        });
    },
    setOwn(id, kind, message) {
      set(id, message === null ? null : { kind, missionId: null, message, servers: [] });
    },
    happened(text) {
      const alert: Alert = { ...text, at: now() };
      open.set(text.id, alert);
      emit({ event: 'alert', ...alert });
    },
    clearAbout(missionId) {
      for (const { id, kind, missionId: about } of [...open.values()])
        if (about === missionId && kind !== 'replaced') close(id);
      for (const kind of LONE_KINDS) {
        stopWaiting(keyOf(kind, missionId));
        closings.delete(keyOf(kind, missionId));
      }
    },
    get: (id) => open.get(id),
    open: () => [...open.values()],
  };
}

/** The kinds of which there is one about each mission. */
const LONE_KINDS = ['wipe', 'tampering'] as const;
type LoneKind = (typeof LONE_KINDS)[number];

function keyOf(kind: LoneKind, missionId: string | null): string {
  return `${kind} ${missionId ?? ''}`;
}
