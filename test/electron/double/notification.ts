import { EventEmitter } from 'node:events';
import type { NotificationConstructorOptions } from 'electron';
import { record } from './calls.ts';
import { strictClass } from './strict.ts';

const shown: Notification_[] = [];

class Notification_ extends EventEmitter {
  title: string;
  subtitle: string;
  body: string;
  silent: boolean;
  readonly _actions: readonly { readonly text?: string }[];
  #open = false;

  constructor(options: NotificationConstructorOptions = {}) {
    super();
    this.title = options.title ?? '';
    this.subtitle = options.subtitle ?? '';
    this.body = options.body ?? '';
    this.silent = options.silent === true;
    this._actions = options.actions ?? [];
  }
  static isSupported(): boolean {
    return true;
  }
  show(): void {
    this.#open = true;
    shown.push(this);
    record('notification', this.title, this.body);
    this.emit('show', {});
  }
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.emit('close', {});
  }
  get _isOpen(): boolean {
    return this.#open;
  }
}

/** Every notification that was shown, in order. */
export const shownNotifications: readonly Notification_[] = shown;
export const Notification = strictClass('Notification', Notification_);
