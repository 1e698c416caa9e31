/** What listeners get first: an event whose default can be prevented. */
export interface Preventable {
  defaultPrevented: boolean;
  preventDefault(): void;
}

/** A fresh event with what it tells. */
export function preventable<T extends object>(details?: T): Preventable & T {
  const event = {
    ...(details as T),
    defaultPrevented: false,
    preventDefault(): void {
      event.defaultPrevented = true;
    },
  };
  return event;
}
