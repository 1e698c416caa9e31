/** What the page may load and do: its own files, and nothing that was not in them when it was built. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // No text ever becomes markup or code.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
