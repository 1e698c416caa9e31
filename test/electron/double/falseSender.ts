import { WebFrameMain } from './frame.ts';
import { answerInvoke, codec } from './ipc.ts';
import { strict } from './strict.ts';
import { windowNumber } from './windowShapes.ts';

/** Who asks, wrongly. Each part on its own must be enough for a refusal. */
export interface FalseSender {
  /** Where the frame that asks is. Default: where the app's page is. */
  readonly url?: string;
  /**
   * `main`: the page itself, gone elsewhere; `child`: a frame inside it; `gone`: a frame that is no more
   * (Electron then gives `null`). Default: main.
   */
  readonly frame?: 'main' | 'child' | 'gone';
  /** `stranger`: a page that is in none of the app's windows. Default: the first window's. */
  readonly sender?: 'window' | 'stranger';
}

/** What came of it. */
export type InvokeOutcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string };

/** Asks a handler as `from` would, while the app's own page stays where it is. */
export async function invokeFrom(
  from: FalseSender,
  channel: string,
  args: readonly unknown[],
): Promise<InvokeOutcome> {
  const contents = windowNumber(0)._contents;
  const url = from.url ?? contents.getURL();
  // Arguments cross as they do from a page.
  const given = codec.decode(codec.encode(args)) as unknown[];
  if (from.sender === 'stranger') {
    const frame = frameAt(url);
    const sender = strict('webContents (a stranger)', {
      id: 4711,
      mainFrame: frame,
      getURL: () => url,
      isDestroyed: () => false,
      send: () => undefined,
    });
    const event = contents._event({ sender, senderFrame: senderFrame(from, frame, url) });
    return outcome(await answerInvoke(event, channel, given));
  }
  const event = contents._event({ senderFrame: senderFrame(from, contents.mainFrame, url) });
  if (from.frame === undefined || from.frame === 'main') contents._frame._pretended = url;
  try {
    return outcome(await answerInvoke(event, channel, given));
  } finally {
    contents._frame._pretended = undefined;
  }
}

function senderFrame(from: FalseSender, main: WebFrameMain, url: string): WebFrameMain | null {
  if (from.frame === 'gone') return null;
  return from.frame === 'child' ? frameAt(url, main) : main;
}

function frameAt(url: string, parent: WebFrameMain | null = null): WebFrameMain {
  return strict('WebFrameMain', new WebFrameMain(() => url, parent));
}

function outcome(text: string): InvokeOutcome {
  const { error, result } = codec.decode(text) as { error?: string; result?: unknown };
  return error === undefined ? { ok: true, value: result } : { ok: false, error };
}
