import { Menu, type MenuItemConstructorOptions, type NativeTheme, type Tray } from 'electron';
import { trayIconPath } from './trayIcon.ts';
import type { TrayAction, TrayItem, TrayView } from './trayView.ts';

export interface TrayRenderer {
  /** Shows a view; one that is shown already costs nothing. */
  render(view: TrayView): void;
}

export interface TrayDeps {
  readonly tray: () => Tray;
  /** Puts up the menu: how depends on the platform. */
  readonly setMenu: (menu: Menu) => void;
  readonly icons: string;
  readonly theme: Pick<NativeTheme, 'shouldUseDarkColors'>;
  readonly onAction: (action: TrayAction) => void;
}

export function createTrayRenderer(deps: TrayDeps): TrayRenderer {
  let shown: Partial<Record<'icon' | 'tooltip' | 'menu', string>> = {};

  return {
    render({ icon, tooltip, menu }) {
      const next = {
        icon: trayIconPath(deps.icons, icon, deps.theme.shouldUseDarkColors),
        tooltip,
        menu: JSON.stringify(menu),
      };
      if (next.icon !== shown.icon) deps.tray().setImage(next.icon);
      if (next.tooltip !== shown.tooltip) deps.tray().setToolTip(next.tooltip);
      if (next.menu !== shown.menu)
        deps.setMenu(Menu.buildFromTemplate(menu.map((item) => template(item, deps.onAction))));
      shown = next;
    },
  };
}

function template(
  item: TrayItem,
  onAction: (action: TrayAction) => void,
): MenuItemConstructorOptions {
  if ('separator' in item) return { type: 'separator' };
  const { label, action, accelerator, checked, submenu } = item;
  return {
    label,
    enabled: action !== null || submenu !== undefined,
    // Shown beside the item; the window's own shortcuts do the work.
    ...(accelerator !== undefined && { accelerator, registerAccelerator: false }),
    ...(checked !== undefined && { type: 'checkbox', checked }),
    ...(submenu && { submenu: submenu.map((each) => template(each, onAction)) }),
    ...(action !== null && { click: () => onAction(action) }),
  };
}
