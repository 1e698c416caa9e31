import { errorText, invoke } from '../api.ts';
import { appState } from './appState.ts';
import { showNotice } from './notice.ts';

/**
 * Signs in to a server once, for all missions: main opens its page in the browser. How it ended is told in
 * the bar at the bottom.
 * @param missionId in whose config the server is looked up; `null`: any that knows it
 */
export async function signIn(name: string, missionId: string | null): Promise<void> {
  if (appState()?.signingIn != null) return;
  try {
    const { outcome, reconnect, warning } = await invoke('signIn', { name, missionId });
    if (outcome === 'cancelled') return;
    if (warning !== null) return showNotice('failed', warning);
    const advice =
      reconnect.length === 0 ? '' : ` Type /mcp reconnect ${name} in ${reconnect.join(', ')}.`;
    showNotice('done', `Signed in to ${name}; all missions have it.${advice}`, advice !== '');
  } catch (error) {
    showNotice('failed', errorText(error));
  }
}
