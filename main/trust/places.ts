import {
  type Destination,
  type DestinationChange,
  destinationChanges,
} from '../credentials/destination.ts';
import type { Place, SignIn, TokenEndpoint } from './signIn.ts';

/** The place of a sign-in that what is said fits to. */
export function placeFor({ places }: SignIn, said: Destination): Place | undefined {
  return places.find(({ destination }) => destinationChanges(destination, said).length === 0);
}

/** How what is said differs from where a sign-in's tokens may be sent. */
export function changesTo(signIn: SignIn, said: Destination): DestinationChange[] {
  const [first] = signIn.places;
  if (first === undefined || placeFor(signIn, said) !== undefined) return [];
  return destinationChanges(first.destination, said);
}

/**
 * Whether a client secret is asked for at all (`none`) is not the server's word but the entry's, and leads no secret
 * astray: a secret that a mission made up must not bind those who sign in after it.
 */
export function isSameEndpoint(pinned: TokenEndpoint, now: TokenEndpoint): boolean {
  const methods = new Set([pinned.authMethod, now.authMethod]);
  methods.delete('none');
  return pinned.origin === now.origin && methods.size <= 1;
}
