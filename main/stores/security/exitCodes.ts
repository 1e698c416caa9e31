import { type Unavailable, type UnavailableReason, unavailable } from '../store.ts';

/** `errSecItemNotFound`, -25300: no such item. The exit code is the status' lowest eight bits. */
export const NOT_FOUND = 44;
/** `errSecDuplicateItem`, -25299: the item is there already. */
export const DUPLICATE = 45;

const MEANINGS: Readonly<Record<number, readonly [UnavailableReason, string]>> = {
  29: ['locked', 'the keychain asks for the user (errSecInteractionRequired)'],
  36: ['locked', 'the keychain is locked or may not show a prompt (errSecInteractionNotAllowed)'],
  37: ['missing', 'there is no default keychain (errSecNoDefaultKeychain)'],
  42: ['too-large', 'the value is too large for the keychain (errSecDataTooLarge)'],
  45: ['denied', 'the item is there but could not be changed (errSecDuplicateItem)'],
  49: ['failed', 'the keychain is damaged (errSecInvalidKeychain)'],
  50: ['missing', 'the keychain does not exist (errSecNoSuchKeychain)'],
  51: ['denied', 'the keychain refused the authorisation (errSecAuthFailed)'],
  52: ['read-only', 'the keychain is read-only (errSecReadOnly)'],
  53: ['missing', 'no keychain is available (errSecNotAvailable)'],
  128: ['denied', 'the keychain prompt was cancelled (userCanceledErr)'],
};

/**
 * What an exit code of `security` other than 0 means. 44 is no failure and never comes here.
 * The text is ours: what the tool prints on stderr may hold a value.
 */
export function unavailableFromExit(command: string, code: number): Unavailable {
  const [reason, meaning] = MEANINGS[code] ?? ['failed', 'unknown failure'];
  return unavailable(reason, `security ${command}: ${meaning}, exit code ${code}`);
}
