const CODES: Readonly<Record<string, number>> = {
  ERR_FAILED: -2,
  ERR_ABORTED: -3,
  ERR_FILE_NOT_FOUND: -6,
  ERR_BLOCKED_BY_CLIENT: -20,
  ERR_INTERNET_DISCONNECTED: -106,
};

/** Why a page could not be loaded, as Electron's `loadURL` tells it. */
export class LoadError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly url: string;

  constructor(cause: unknown, url: string) {
    const code = /net::(ERR_\w+)/.exec(String(cause))?.[1] ?? 'ERR_FAILED';
    const errno = CODES[code] ?? -2;
    super(`${code} (${errno}) loading '${url}'`, { cause });
    this.code = code;
    this.errno = errno;
    this.url = url;
  }
}
