/** A command to open in a window of its own. Holds no secret: everybody on the machine can read arguments. */
export interface TerminalRequest {
  /** Program and arguments, never read by a shell. */
  readonly argv: readonly string[];
  /** An existing folder, absolute. */
  readonly cwd: string;
  /** What the command gets on top of what the terminal gives it. */
  readonly env: Readonly<Record<string, string>>;
  /** For people; may hold anything. */
  readonly title: string;
}

/** A process to start. */
export interface Launch {
  readonly argv: readonly string[];
  readonly stdin?: string;
  /** A helper that ends once the window is open, and not the terminal itself. */
  readonly ends?: true;
  /** What the user should know, from what the process said. */
  readonly note?: (said: string) => string;
  /** Why it failed and how to mend it, from what the process said, where that needs telling. */
  readonly hint?: (said: string) => string | null;
}

/** What a terminal needs to know of the machine. */
export interface Probe {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The path of a program on PATH, or `null`. */
  which(name: string): string | null;
  exists(path: string): boolean;
}

/** Where a terminal is, as its `find` tells and its `launch` takes. */
export type Found = string;

export interface Terminal {
  /** For people. */
  readonly name: string;
  readonly platforms: readonly NodeJS.Platform[];
  /** For people: where `find` looks. */
  readonly lookedFor: string;
  /** @returns `null` where it is not installed */
  find(probe: Probe): Found | null;
  /** @param tmux TMUX of the terminal that the request comes from, if any */
  launch(found: Found, request: TerminalRequest, tmux: string | undefined): Launch;
}
