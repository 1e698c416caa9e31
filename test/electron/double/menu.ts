import { EventEmitter } from 'node:events';
import type { MenuItemConstructorOptions } from 'electron';
import { rawApp } from './app.ts';
import { record } from './calls.ts';
import { defaultLabel, defaultSubmenu } from './menuRoles.ts';
import { strict, strictClass } from './strict.ts';
import { windowList } from './windowList.ts';

type ItemType = NonNullable<MenuItemConstructorOptions['type']>;
let commands = 0;

class MenuItem_ {
  readonly id: string;
  readonly type: ItemType;
  readonly role: string | undefined;
  readonly accelerator: string | undefined;
  readonly icon: unknown;
  readonly sublabel: string;
  readonly toolTip: string;
  readonly registerAccelerator: boolean;
  readonly commandId = ++commands;
  readonly submenu: Menu_ | undefined;
  readonly _click: MenuItemConstructorOptions['click'];
  label: string;
  enabled: boolean;
  visible: boolean;
  checked: boolean;
  menu: Menu_ | undefined;

  constructor(options: MenuItemConstructorOptions) {
    const role = options.role?.toString();
    if (!options.label && role === undefined && options.type !== 'separator') {
      throw new TypeError('Invalid template for MenuItem: must have label, role or type');
    }
    const submenu = options.submenu ?? (role === undefined ? undefined : defaultSubmenu(role));
    this.submenu = Array.isArray(submenu)
      ? rawMenuOf(Menu_.buildFromTemplate(submenu))
      : rawMenuOf(submenu);
    this.type = options.type ?? (this.submenu === undefined ? 'normal' : 'submenu');
    if (this.type === 'submenu' && this.submenu === undefined) {
      throw new Error('Invalid submenu');
    }
    this.id = options.id ?? '';
    this.role = role;
    this.label = options.label ?? (role === undefined ? '' : defaultLabel(role, rawApp.name));
    this.accelerator = options.accelerator?.toString();
    this.icon = options.icon ?? null;
    this.sublabel = options.sublabel ?? '';
    this.toolTip = options.toolTip ?? '';
    this.registerAccelerator = options.registerAccelerator !== false;
    this.enabled = options.enabled !== false;
    this.visible = options.visible !== false;
    this.checked = options.checked === true;
    this._click = options.click;
  }
  /** As Electron: what the user's click does, before the app's own handler. */
  click(): void {
    if (this.type === 'checkbox') this.checked = !this.checked;
    if (this.type === 'radio') {
      for (const item of this.menu?._radioGroup(this) ?? []) item.checked = item === this;
    }
    if (this._click === undefined && this.role !== undefined) playRole(this.role);
    const item = strict('MenuItem', this) as unknown as Electron.MenuItem;
    this._click?.(item, undefined, {} as Electron.KeyboardEvent);
  }
}

export class Menu_ extends EventEmitter {
  readonly items: MenuItem_[] = [];

  static buildFromTemplate(template: (MenuItemConstructorOptions | MenuItem_)[]): Menu_ {
    const menu = new Menu_();
    for (const item of template) {
      menu.append(item instanceof MenuItem_ ? item : new MenuItem_(item));
    }
    return strict('Menu', menu);
  }
  static setApplicationMenu(menu: Menu_ | null): void {
    applicationMenu = menu;
  }
  static getApplicationMenu(): Menu_ | null {
    return applicationMenu;
  }

  append(item: MenuItem_): void {
    this.insert(this.items.length, item);
  }
  insert(position: number, item: MenuItem_): void {
    item.menu = this;
    this.items.splice(position, 0, strict('MenuItem', item));
    const group = item.type === 'radio' ? this._radioGroup(item) : [];
    // As Electron: one of a group is always on.
    if (group[0] !== undefined && !group.some((other) => other.checked)) group[0].checked = true;
  }
  popup(_options?: object): void {
    this.emit('menu-will-show', {});
  }
  closePopup(): void {
    this.emit('menu-will-close', {});
  }
  getMenuItemById(id: string): MenuItem_ | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
  }
  /** The radio items next to this one, with no other kind between them. */
  _radioGroup(item: MenuItem_): MenuItem_[] {
    const index = this.items.findIndex((other) => other.commandId === item.commandId);
    const isOther = (other: MenuItem_): boolean => other.type !== 'radio';
    const start = this.items.slice(0, index).findLastIndex(isOther) + 1;
    const after = this.items.slice(index).findIndex(isOther);
    return this.items.slice(start, after < 0 ? undefined : index + after);
  }
}

let applicationMenu: Menu_ | null = null;

/** A menu as tests see it. */
export interface MenuShape {
  readonly label: string;
  readonly id: string;
  readonly type: string;
  readonly role: string | undefined;
  readonly enabled: boolean;
  readonly visible: boolean;
  readonly checked: boolean;
  readonly accelerator: string | undefined;
  readonly sublabel: string;
  readonly submenu: MenuShape[] | undefined;
}

export function shapeOf(menu: Menu_): MenuShape[] {
  return menu.items.map((item) => ({
    label: item.label,
    id: item.id,
    type: item.type,
    role: item.role,
    enabled: item.enabled,
    visible: item.visible,
    checked: item.checked,
    accelerator: item.accelerator,
    sublabel: item.sublabel,
    submenu: item.submenu === undefined ? undefined : shapeOf(item.submenu),
  }));
}

/** Clicks what the labels lead to, as a user could: what is hidden or disabled cannot be clicked. */
export function clickIn(menu: Menu_, [label, ...rest]: readonly string[]): void {
  const item = menu.items.find((other) => other.visible && other.label === label);
  if (item === undefined) {
    const labels = menu.items.filter(({ visible }) => visible).map((other) => other.label);
    throw new Error(`The menu has no item "${label}"; it has: ${labels.join(', ')}`);
  }
  if (!item.enabled) throw new Error(`The menu's item "${label}" is disabled`);
  if (rest.length === 0) item.click();
  else if (item.submenu === undefined) throw new Error(`"${label}" is no submenu`);
  else clickIn(item.submenu, rest);
}

function rawMenuOf(menu: unknown): Menu_ | undefined {
  if (menu === undefined || menu === null) return undefined;
  if (!(menu instanceof Menu_)) throw new TypeError('Invalid menu');
  return menu;
}

function playRole(role: string): void {
  record('menu role', role);
  if (role === 'quit') rawApp.quit();
  if (role === 'close') windowList.find((window) => window.isVisible())?.close();
}

export const MenuItem = strictClass('MenuItem', MenuItem_);
export const Menu = strictClass('Menu', Menu_);
