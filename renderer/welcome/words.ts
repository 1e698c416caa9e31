import type { Discovery } from '../../main/service/contract/app.ts';
import { plural, someOf } from '../text/words.ts';

/** One thing that the first start found, or did not. */
export interface Finding {
  readonly id: string;
  readonly tone: 'good' | 'idle' | 'attention';
  readonly title: string;
  readonly text: string;
  /** Where it is, in full. */
  readonly place: string;
}

const STORES: Readonly<Record<Discovery['store'], string>> = {
  file: 'Sign-ins are in files',
  security: 'Sign-ins are in the macOS Keychain',
  keytar: 'Sign-ins are in the Secret Service',
};

/** What a first start found, in the order in which it matters. */
export function findingsOf(discovery: Discovery): Finding[] {
  return [
    missionsFinding(discovery),
    globalFinding(discovery),
    {
      id: 'store',
      tone: 'good',
      title: STORES[discovery.store],
      text: 'as Claude Code itself keeps them',
      place: discovery.storePlace,
    },
  ];
}

function missionsFinding({ agencDir, agencDirExists, missions, running }: Discovery): Finding {
  const found = { id: 'missions', place: agencDir };
  if (!agencDirExists || missions === 0) {
    const text = 'each appears by itself as soon as it is made';
    return { ...found, tone: 'idle', title: 'No missions yet', text };
  }
  const text = running === 0 ? 'none is running now' : `${running} running`;
  return { ...found, tone: 'good', title: plural(missions, 'mission'), text };
}

function globalFinding({ globalConfigDir, globalEntry, globalDetail, servers }: Discovery) {
  const found = { id: 'global', place: globalConfigDir };
  if (globalEntry === 'unavailable') {
    const text = globalDetail ?? 'its store did not answer';
    const title = 'The global entry cannot be read now';
    return { ...found, tone: 'attention', title, text } as const;
  }
  if (globalEntry === 'absent' || servers.length === 0) {
    const title = 'No MCP sign-ins yet';
    return {
      ...found,
      tone: 'idle',
      title,
      text: 'the first one in any mission begins it',
    } as const;
  }
  const title = `Signed in to ${plural(servers.length, 'server')}`;
  return { ...found, tone: 'good', title, text: someOf(servers, 4) } as const;
}

/** What will happen from the start on. */
export function stepsOf({ running, globalEntry }: Discovery): string[] {
  return [
    globalEntry === 'found' && running > 0
      ? `Your ${running === 1 ? 'running mission gets' : `${running} running missions get`} the global sign-ins.`
      : 'Every mission that runs gets the global sign-ins.',
    'A sign-in in any mission goes everywhere at once.',
    'Whatever is replaced is kept 30 days, encrypted.',
  ];
}
