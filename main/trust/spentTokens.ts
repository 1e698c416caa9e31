/**
 * Digests of tokens that gave way to others, long after their sign-ins are forgotten: a backup that is put back may
 * be older than all that the book keeps in full.
 */
export interface SpentTokens {
  has(serverKey: string, token: string): boolean;
  add(serverKey: string, token: string): void;
  /** The user wants it back. @returns whether it was there */
  forgive(serverKey: string, token: string): boolean;
  /** By server, the oldest first. */
  toFile(): Record<string, string[]>;
}

/** Of one server: months of a token that lives an hour. */
const MAX_OF_SERVER = 2_000;
/** Of all servers: some 2 MB of the book. */
const MAX_TOKENS = 50_000;

/** @param stored as {@link SpentTokens.toFile} gives them */
export function createSpentTokens(
  stored: Readonly<Record<string, readonly string[]>>,
): SpentTokens {
  const servers = new Map(Object.entries(stored).map(([key, tokens]) => [key, new Set(tokens)]));
  let size = [...servers.values()].reduce((sum, tokens) => sum + tokens.size, 0);

  function dropOldest(serverKey: string, tokens: Set<string>): void {
    const [oldest] = tokens;
    if (oldest === undefined) return;
    tokens.delete(oldest);
    size -= 1;
    if (tokens.size === 0) servers.delete(serverKey);
  }

  /** Whoever has most gives way, so that no server's are forgotten for another's. */
  function dropOne(): void {
    const [first, ...others] = servers;
    if (first === undefined) return;
    dropOldest(...others.reduce((a, b) => (b[1].size > a[1].size ? b : a), first));
  }

  return {
    has: (serverKey, token) => servers.get(serverKey)?.has(token) ?? false,

    add(serverKey, token) {
      const tokens = servers.get(serverKey) ?? new Set();
      if (tokens.has(token)) return;
      servers.set(serverKey, tokens.add(token));
      size += 1;
      if (tokens.size > MAX_OF_SERVER) dropOldest(serverKey, tokens);
      if (size > MAX_TOKENS) dropOne();
    },

    forgive(serverKey, token) {
      const tokens = servers.get(serverKey);
      if (tokens?.delete(token) !== true) return false;
      size -= 1;
      if (tokens.size === 0) servers.delete(serverKey);
      return true;
    },

    toFile: () => Object.fromEntries([...servers].map(([key, tokens]) => [key, [...tokens]])),
  };
}
