import type { LoginItemSettings, Settings } from 'electron';

export type LoginItemStatus = LoginItemSettings['status'];

/** The system's list of what to open at login. */
export class LoginItems {
  #status: LoginItemStatus = 'not-registered';
  /** The user took the permission away: macOS then waits for a yes, whatever the app asks. */
  #needsApproval = false;

  set({ openAtLogin }: Settings): void {
    // As Electron: there is no such thing on Linux.
    if (openAtLogin === undefined || process.platform === 'linux') return;
    const enabled = this.#needsApproval ? 'requires-approval' : 'enabled';
    this.#status = openAtLogin ? enabled : 'not-registered';
  }
  get(): LoginItemSettings {
    return {
      openAtLogin: this.#status === 'enabled',
      status: this.#status,
      wasOpenedAtLogin: false,
      executableWillLaunchAtLogin: false,
      launchItems: [],
    };
  }
  /** What the user does in the system's settings. */
  setByUser(status: LoginItemStatus): void {
    this.#status = status;
    this.#needsApproval = status === 'requires-approval';
  }
}
