import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { JournalKey } from './journalKey.ts';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A secret as it lies in a file. */
export const sealedShape = {
  /** The id of the key that it is encrypted with. */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  iv: z.base64(),
  data: z.base64(),
  tag: z.base64(),
};

export type Sealed = {
  readonly [K in keyof typeof sealedShape]: z.output<(typeof sealedShape)[K]>;
};

/**
 * Encrypts a JSON value.
 * @param beside what lies beside it in the clear, and shall not be changed
 * @throws TypeError if the value is not JSON
 */
export function sealJson(value: unknown, beside: readonly unknown[], key: JournalKey): Sealed {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError('The value to seal is not JSON');
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(JSON.stringify(beside)));
  const data = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return {
    key: key.id,
    iv: iv.toString('base64'),
    data: data.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  };
}

/** What was sealed, or `null` if it, what is beside it, or the key is not what it was then. */
export function openJson(
  sealed: Sealed,
  beside: readonly unknown[],
  key: JournalKey,
): { readonly value: unknown } | null {
  try {
    const iv = Buffer.from(sealed.iv, 'base64');
    const decipher = createDecipheriv(CIPHER, key.bytes, iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(JSON.stringify(beside)));
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
    const data = decipher.update(Buffer.from(sealed.data, 'base64'));
    const text = Buffer.concat([data, decipher.final()]).toString('utf8');
    return { value: JSON.parse(text) };
  } catch {
    // OpenSSL says no more than "unable to authenticate data"; a length that cannot be is the same to us.
    return null;
  }
}
