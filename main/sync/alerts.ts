import type { Clock } from '../system/clock.ts';
import type { Alert, AlertKind, AlertText, Emit } from './events.ts';

/** The open alerts, one per cause: raising the same one again says nothing, its cause going away closes it. */
export interface Alerts {
  /** Opens, changes or (`null`) closes the alert of one cause. */
  set(id: string, alert: Omit<AlertText, 'id'> | null): void;
  /** The same for what may pass by itself: an alert that is new is opened only if its cause lasts that long. */
  setIfItLasts(id: string, alert: Omit<AlertText, 'id'> | null, delayMs: number): void;
  /** The one alert of its kind about a mission (`null`: the global entry), whose id says what it asks. */
  setOnly(
    kind: AlertKind,
    missionId: string | null,
    alert: Pick<AlertText, 'id' | 'servers' | 'message'> | null,
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

export function createAlerts(emit: Emit, { now, after }: Pick<Clock, 'now' | 'after'>): Alerts {
  const open = new Map<string, Alert>();
  /** What is opened soon. */
  const passing = new Map<string, { text: Omit<AlertText, 'id'>; readonly cancel: () => void }>();

  function close(id: string): void {
    if (open.delete(id)) emit({ event: 'resolved', at: now(), id });
  }

  function forgetPassing(id: string): void {
    passing.get(id)?.cancel();
    passing.delete(id);
  }

  function set(id: string, text: Omit<AlertText, 'id'> | null): void {
    forgetPassing(id);
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

  return {
    set,
    setIfItLasts(id, text, delayMs) {
      const waits = passing.get(id);
      if (text === null || open.has(id) || delayMs === 0) set(id, text);
      else if (waits !== undefined) waits.text = text;
      else {
        const cancel = after(delayMs, () => set(id, passing.get(id)?.text ?? null));
        passing.set(id, { text, cancel });
      }
    },
    setOnly(kind, missionId, alert) {
      for (const each of [...open.values()])
        if (each.kind === kind && each.missionId === missionId && each.id !== alert?.id)
          close(each.id);
      if (alert !== null) set(alert.id, { ...alert, kind, missionId });
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
      for (const [id, { text }] of [...passing])
        if (text.missionId === missionId) forgetPassing(id);
    },
    get: (id) => open.get(id),
    open: () => [...open.values()],
  };
}
