import { Notification } from 'electron';
import type { Attention } from './attention.ts';

export interface Notifier {
  /** Tells what was not told yet; what is over may be told again when it comes back. */
  update(attention: readonly Attention[], enabled: boolean): void;
  dispose(): void;
}

/** Notifications: one per cause, and a click opens the place. */
export function createNotifier(onClick: (attention: Attention) => void): Notifier {
  /** Held, or the garbage collector takes the click with it. `null`: told of by being on show. */
  const told = new Map<string, Notification | null>();

  function show(attention: Attention): Notification | null {
    if (!Notification.isSupported()) return null;
    const { title, body } = attention;
    const notification = new Notification({ title, body, silent: true });
    notification.on('click', () => onClick(attention));
    notification.show();
    return notification;
  }

  return {
    update(attention, enabled) {
      const ids = new Set(attention.map(({ id }) => id));
      for (const [id, notification] of told) {
        if (ids.has(id)) continue;
        notification?.close();
        told.delete(id);
      }
      for (const each of attention) {
        if (!told.has(each.id)) told.set(each.id, enabled ? show(each) : null);
      }
    },
    dispose() {
      for (const notification of told.values()) notification?.close();
      told.clear();
    },
  };
}
