import { createValue } from '../state/value.ts';

/** Which mission's menu is open, and where. There is one menu for all rows: hundreds would be slow. */
export interface OpenMenu {
  readonly id: string;
  readonly button: HTMLElement | null;
  /** Where the mouse asked for it. */
  readonly point: { readonly x: number; readonly y: number } | null;
}

export const openMenu = createValue<OpenMenu | null>(null);
