/** The app's windows, in the order in which they were made. */
export interface ListedWindow {
  readonly id: number;
  close(): void;
  destroy(): void;
  isVisible(): boolean;
}

const windows: ListedWindow[] = [];
/** Called when the last one is gone. */
let whenEmpty: () => void = () => undefined;

export const windowList: readonly ListedWindow[] = windows;

export function addWindow(window: ListedWindow): void {
  windows.push(window);
}

export function removeWindow(window: ListedWindow): void {
  const index = windows.indexOf(window);
  if (index < 0) return;
  windows.splice(index, 1);
  if (windows.length === 0) whenEmpty();
}

export function onLastWindowGone(listener: () => void): void {
  whenEmpty = listener;
}
