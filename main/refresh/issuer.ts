/**
 * Whether two addresses name one authorization server: alike as parsed, save for one slash at the end of
 * either, as the client compares them. RFC 8414, 3.3 asks for the very same text, but its 3.1 drops that slash
 * before it looks for metadata, and large servers spell their issuer in both ways.
 */
export function isSameIssuer(a: string, b: string): boolean {
  return spelled(a) === spelled(b);
}

function spelled(issuer: string): string {
  // What is no address is compared as it is written.
  const text = URL.canParse(issuer) ? new URL(issuer).href : issuer;
  return text.endsWith('/') ? text.slice(0, -1) : text;
}
