/** Which icons there are, and what each is made of. */

export const trayStates = ['inSync', 'syncing', 'attention', 'paused'] as const;
type TrayState = (typeof trayStates)[number];

export interface TrayImage {
  readonly state: TrayState;
  readonly file: string;
  readonly source: string;
  readonly pixels: number;
  readonly colour: string;
  /** macOS draws it itself, by its alpha, in the colour of the menu bar. */
  readonly template: boolean;
}

/** Drawn twice, on grids of 16 and of 22, so that upright edges fall between pixels in both. */
const kinds = [
  { suffix: 'Template', folder: 'tray16', grid: 16, colour: '#000', template: true },
  { suffix: '-light', folder: 'tray22', grid: 22, colour: '#2e3436', template: false },
  { suffix: '-dark', folder: 'tray22', grid: 22, colour: '#f6f5f4', template: false },
] as const;

/** `trayInSyncTemplate.png`, `trayInSyncTemplate@2x.png`, `trayInSync-light.png` … */
export function trayImages(): TrayImage[] {
  return trayStates.flatMap((state) =>
    kinds.flatMap((kind) =>
      [1, 2].map((scale) => ({
        state,
        file: `assets/tray/${trayName(state)}${kind.suffix}${scale === 2 ? '@2x' : ''}.png`,
        source: `assets/svg/${kind.folder}/${state}.svg`,
        pixels: kind.grid * scale,
        colour: kind.colour,
        template: kind.template,
      })),
    ),
  );
}

export const appIconSizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;
export const icoSizes = [16, 24, 32, 48, 64, 128, 256] as const;

/** The types of an icon family and their pixels, in the order in which Apple's iconutil writes them. */
export const icnsTypes: readonly (readonly [type: string, pixels: number])[] = [
  ['ic12', 64],
  ['ic07', 128],
  ['ic13', 256],
  ['ic08', 256],
  ['ic04', 16],
  ['ic14', 512],
  ['ic09', 512],
  ['ic05', 32],
  ['ic10', 1024],
  ['ic11', 32],
];

/** Small icons have a drawing of their own: the keyhole and the soft edges would be mud. */
export function appIconSource(pixels: number): string {
  return pixels <= 32 ? 'assets/svg/appIconSmall.svg' : 'assets/svg/appIcon.svg';
}

function trayName(state: TrayState): string {
  return `tray${state.charAt(0).toUpperCase()}${state.slice(1)}`;
}
