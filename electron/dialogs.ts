import { homedir } from 'node:os';
import { dialog, type OpenDialogOptions } from 'electron';
import type { AppWindow } from './window/appWindow.ts';

/** Asks for a file or folder in a dialog of the system. @returns its path; `null` if the user cancelled */
export async function chooseInDialog(
  window: Pick<AppWindow, 'keepOpen'>,
  how: OpenDialogOptions,
): Promise<string | null> {
  const { canceled, filePaths } = await window.keepOpen(() =>
    dialog.showOpenDialog({ defaultPath: homedir(), ...how }),
  );
  return canceled ? null : (filePaths[0] ?? null);
}
