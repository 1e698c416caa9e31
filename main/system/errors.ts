/** The `code` of a Node system error, or `''`. */
export function errorCode(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** A short text for people. System errors name their code and path, never a file's content. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
