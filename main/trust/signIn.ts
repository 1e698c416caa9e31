import { z } from 'zod';
import type { Destination } from '../credentials/destination.ts';
import type { Marks } from '../credentials/marks.ts';

/** How a refresh is authenticated, and where it is sent: what the authorization server's metadata said. */
export interface TokenEndpoint {
  readonly origin: string;
  readonly authMethod: string;
}

/** One place that a sign-in's tokens may be sent to. */
export interface Place {
  destination: Destination;
  /** `null`: nobody has looked yet. */
  endpoint: TokenEndpoint | null;
}

/**
 * - `offered`: it may become everybody's · `current`: it is in the global entry
 * - `former`: another took its place: its refresh token is most likely spent
 * - `rejected`: the user has put the former one back in its place
 * - `signed-out`: it was in the global entry, and somebody signed out
 */
const standings = ['offered', 'current', 'former', 'rejected', 'signed-out'] as const;
export type Standing = (typeof standings)[number];

/** How a sign-in came to its end; `null`: it has not. */
export type Superseded = 'replaced' | 'signed-out' | null;

export function supersededAs(standing: Standing): Superseded {
  if (standing === 'signed-out') return standing;
  return standing === 'former' || standing === 'rejected' ? 'replaced' : null;
}

/** One set of tokens and where they may be sent. Digests, origins and names, no secret. */
export interface SignIn {
  readonly serverKey: string;
  /** The place that it was first seen in: whoever makes up many has its own forgotten for them. */
  readonly by: string;
  /** Of its refresh token and of the access tokens that came with it. */
  tokens: readonly string[];
  /** Digests of the client secrets that it was first seen with, and of those accepted; `undefined`: not noted yet. */
  clientSecrets: readonly string[] | undefined;
  /** Where they were issued first, then what the user has accepted. */
  places: readonly Place[];
  standing: Standing;
  /** Other keys under which the user has accepted its tokens. */
  otherKeys?: readonly string[] | undefined;
  /**
   * What was said beside the tokens when they were first seen (`credentials/marks.ts`); `undefined`: not noted yet ·
   * `null`: the user has accepted what a mission said
   */
  marks?: SignInMarks | null | undefined;
}

export interface SignInMarks {
  readonly signIn: Marks['signIn'];
  /** By the access token that it was said beside, or, where there is none, the refresh token. */
  readonly access: Readonly<Record<string, string>>;
}

/** A client secret, and the server that it was first seen with. */
export interface BoundSecret {
  /** As of a {@link SignIn}. */
  readonly by: string;
  readonly serverKey: string;
  /** Their origins: the one it was first seen with, and what the user has accepted. Empty: not known yet. */
  readonly authorizationServers: readonly string[];
}

export const GLOBAL_PLACE = 'global';

const digest = z.string().regex(/^[0-9a-f]{32}$/);

/** `bar/destinations.json` */
export const destinationsFile = z.object({
  version: z.literal(1),
  signIns: z.array(
    z.object({
      serverKey: z.string(),
      /** Absent in files of earlier versions. */
      by: z.string().default(GLOBAL_PLACE),
      tokens: z.array(digest),
      clientSecrets: z.array(digest).optional(),
      places: z.array(
        z.object({
          addresses: z.record(z.string(), z.string()),
          client: digest.nullable(),
          endpoint: z.object({ origin: z.string(), authMethod: z.string() }).nullable(),
        }),
      ),
      standing: z.enum(standings),
      otherKeys: z.array(z.string()).optional(),
      /** Absent in files of earlier versions. */
      marks: z
        .object({
          signIn: z.record(z.string(), z.string()),
          access: z.record(digest, z.string()),
        })
        .nullish(),
    }),
  ),
  clientSecrets: z.array(
    z.object({
      digest,
      by: z.string().default(GLOBAL_PLACE),
      serverKey: z.string(),
      authorizationServers: z.array(z.string()),
    }),
  ),
  /** By server: of sign-ins that gave way and are forgotten but for this. Absent in files of earlier versions. */
  spent: z.record(z.string(), z.array(digest)).default({}),
});

export type DestinationsFile = z.infer<typeof destinationsFile>;

export function toFile(
  signIns: Iterable<SignIn>,
  clientSecrets: ReadonlyMap<string, BoundSecret>,
  spent: DestinationsFile['spent'],
): DestinationsFile {
  return {
    version: 1,
    signIns: [...signIns].map(({ places, tokens, clientSecrets: bound, otherKeys, ...rest }) => ({
      ...rest,
      tokens: [...tokens],
      ...(otherKeys && { otherKeys: [...otherKeys] }),
      ...(bound && { clientSecrets: [...bound] }),
      places: places.map(({ destination: { addresses, client }, endpoint }) => ({
        addresses: Object.fromEntries(addresses),
        client,
        endpoint,
      })),
    })),
    clientSecrets: [...clientSecrets].map(([digest, bound]) => ({
      ...bound,
      digest,
      authorizationServers: [...bound.authorizationServers],
    })),
    spent,
  };
}

export function signInsOf({ signIns }: DestinationsFile): SignIn[] {
  return signIns.map(({ places, clientSecrets: bound, ...rest }) => ({
    ...rest,
    clientSecrets: bound,
    places: places.map(({ addresses, client, endpoint }) => ({
      destination: { addresses: new Map(Object.entries(addresses)), client },
      endpoint,
    })),
  }));
}

export function clientSecretsOf({ clientSecrets }: DestinationsFile): Map<string, BoundSecret> {
  return new Map(clientSecrets.map(({ digest, ...bound }) => [digest, bound]));
}
