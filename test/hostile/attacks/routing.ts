import { expect } from 'vitest';
import type { Blob } from '../../support/clientWrites.ts';
import { editAsClient, serverIn } from '../../support/clientWrites.ts';
import { type FakeServer, fakeToken, serverKey } from '../../support/fake.ts';
import { until } from '../../support/until.ts';
import type { Attack } from '../attack.ts';
import { type Intruder, said } from '../scene.ts';
import { BOGUS } from '../thief.ts';

/** The engine refreshes at half of it. Under ten seconds it would not; so a busy machine has fourteen to notice. */
export const DUE_SOON_MS = 24_000;
/** Until it must have done so. */
export const DUE_BY_NOW_MS = 60_000;

/** What a mission may write over a sign-in of all, so that its refresh token is sent elsewhere. */
interface Forgery {
  readonly id: string;
  readonly title: string;
  forge(value: FakeServer, intruder: Intruder, blob: Blob): void;
}

const forgeries: readonly Forgery[] = [
  {
    id: 'metadata-url',
    title: 'A mission changes where the metadata of the others’ server is looked up',
    forge(value, { scene }) {
      discovery(value).authServerMetadataUrl = scene.thief.metadataUrl(scene.shop.issuer);
    },
  },
  {
    id: 'metadata-issuer',
    title:
      'A mission has the others’ server looked up in metadata that name the attacker as the issuer',
    forge(value, { scene }) {
      discovery(value).authServerMetadataUrl = scene.thief.metadataUrl();
    },
  },
  {
    id: 'server-and-issuer',
    title: 'A mission changes where the others’ refresh token is sent, issuer and all',
    forge(value, { scene }) {
      value.issuer = scene.thief.origin;
      value.discoveryState = { authorizationServerUrl: scene.thief.origin };
    },
  },
  {
    id: 'no-issuer',
    title: 'A mission changes where the others’ refresh token is sent, and takes the issuer out',
    forge(value, { scene }) {
      delete value.issuer;
      value.discoveryState = { authorizationServerUrl: scene.thief.origin };
    },
  },
  {
    id: 'server-alone',
    title:
      'A mission changes where the others’ refresh token is sent, and leaves the issuer as it was',
    forge(value, { scene }) {
      discovery(value).authorizationServerUrl = scene.thief.origin;
    },
  },
  {
    id: 'resource',
    title: 'A mission gives the others’ tokens another MCP server’s address',
    forge(value, { scene }) {
      value.serverUrl = `${scene.thief.origin}/mcp`;
    },
  },
  {
    id: 'client-id',
    title: 'A mission has the others’ token refreshed under another client’s name',
    forge(value) {
      value.clientId = 'client-of-the-attacker';
    },
  },
  {
    id: 'odd-address-names',
    title: 'A mission adds addresses under names that every object has',
    forge(value, { scene }) {
      for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf'])
        Object.assign(value, { [name]: `${scene.thief.origin}/${name}` });
    },
  },
];

/** Everyone holds the sign-in; the mission forges it; the refresh that is due then goes where it always did. */
function forged({ id, title, forge }: Forgery): Attack {
  return {
    id,
    title,
    told: ['tampering'],
    async launch(intruder) {
      const value = await intruder.victim(id, { expiresAt: Date.now() + DUE_SOON_MS });
      await editAsClient(intruder.ref, (blob) => {
        const mine = blob.mcpOAuth?.[serverKey(id)];
        if (mine === undefined) throw new Error(`${id} is not in the attacker's entry`);
        forge(mine, intruder, blob);
      });
      return { holds: () => refreshedAsEver(intruder, value) };
    },
  };
}

/** The server that issued a sign-in refreshed it, and everyone honest has what came of it, routed as before. */
async function refreshedAsEver({ scene }: Intruder, value: FakeServer): Promise<void> {
  const name = value.serverName;
  await until(
    () =>
      `${name} is refreshed where it was issued, for everyone; the thief got ${JSON.stringify(scene.thief.stolen())}. ${said(scene.engine)}`,
    () =>
      !scene.shop.isGood(value.refreshToken) &&
      scene.everyone.every((place) => scene.shop.isGood(serverIn(place, name)?.refreshToken)),
    DUE_BY_NOW_MS,
  );
  for (const place of scene.everyone)
    expect(routingOf(serverIn(place, name)), 'all but the tokens is as it was').toEqual(
      routingOf(value),
    );
}

/** A sign-in without what each refresh changes. */
function routingOf(value: FakeServer | undefined): Record<string, unknown> {
  const { accessToken: _a, refreshToken: _r, expiresAt: _e, ...rest } = value ?? ({} as FakeServer);
  return rest;
}

const copies: readonly Attack[] = [
  {
    id: 'copied-tokens',
    title: 'A mission copies the others’ tokens to a server of its own, at the attacker’s address',
    told: ['tampering'],
    async launch(intruder) {
      const { scene, id } = intruder;
      const value = await intruder.victim(id, { expiresAt: Date.now() + DUE_SOON_MS });
      await editAsClient(intruder.ref, (blob) => {
        blob.mcpOAuth = {
          ...blob.mcpOAuth,
          [serverKey('copy')]: {
            ...value,
            serverName: 'copy',
            serverUrl: `${scene.thief.origin}/mcp`,
            issuer: scene.thief.origin,
            discoveryState: { authorizationServerUrl: scene.thief.origin },
          },
        };
      });
      return {
        async holds() {
          await refreshedAsEver(intruder, value);
          for (const place of scene.honest) expect(serverIn(place, 'copy')).toBe(undefined);
        },
      };
    },
  },
  {
    id: 'copied-secret',
    title:
      'A mission copies the others’ client secret to a server of its own, at the attacker’s address',
    told: ['tampering'],
    async launch(intruder) {
      const { id } = intruder;
      const value = await intruder.victim(id, { clientSecret: fakeToken('client-secret') });
      await editAsClient(intruder.ref, (blob) => {
        blob.mcpOAuth = {
          ...blob.mcpOAuth,
          [serverKey('own')]: {
            ...ownSignIn(intruder, 'own'),
            clientSecret: value.clientSecret,
            expiresAt: Date.now() + DUE_SOON_MS,
          },
        };
      });
      return {};
    },
  },
];

/** A sign-in of the attacker's own, at the attacker's server. */
export function ownSignIn({ scene: { thief }, id }: Intruder, name: string): FakeServer {
  return {
    serverName: name,
    serverUrl: `${thief.origin}/mcp`,
    accessToken: `${BOGUS}access-of-${id}-${name}`,
    refreshToken: `${BOGUS}refresh-of-${id}-${name}`,
    expiresAt: Date.now() + 3_600_000,
    clientId: `client-of-${id}`,
    issuer: thief.origin,
    discoveryState: { authorizationServerUrl: thief.origin, oauthMetadataFound: true },
  };
}

function discovery(value: FakeServer): Record<string, unknown> {
  return value.discoveryState as Record<string, unknown>;
}

/** The others' tokens, sent where they were not issued. They take a quarter of a minute each: run them side by side. */
export const routingAttacks: readonly Attack[] = [...forgeries.map(forged), ...copies];
