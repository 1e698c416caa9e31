import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron';
import { z } from 'zod';
import {
  type AppAnswer,
  type AppCommandName,
  type AppCommandResult,
  type AppPush,
  type AppPushName,
  appCommands,
} from '../main/service/contract/app.ts';
import { errorText } from '../main/system/errors.ts';
import { UserError } from '../main/system/userError.ts';
import { PAGE_ORIGIN } from './page.ts';

/** What each command of the page does. One that is missing does not compile. */
export type AppHandlers = {
  readonly [C in AppCommandName]: (
    params: z.output<(typeof appCommands)[C]['params']>,
  ) => Promise<AppCommandResult<C>>;
};

/** Answers the page's commands, and nobody else's. */
export function answerPage(
  ipcMain: IpcMain,
  handlers: AppHandlers,
  isOurPage: (contents: WebContents) => boolean,
): void {
  for (const name of Object.keys(appCommands) as AppCommandName[]) {
    ipcMain.handle(`agenc-bar:${name}`, (event, params: unknown) => {
      refuseStranger(event, isOurPage);
      return answer(name, params, handlers);
    });
  }
}

/** Says something to a page, if it is there to listen. */
export function push<P extends AppPushName>(
  contents: WebContents | undefined,
  name: P,
  message: AppPush<P>,
): void {
  if (contents === undefined || contents.isDestroyed()) return;
  contents.send(`agenc-bar:push:${name}`, message);
}

/** A frame in our page, a page that is not ours, or one that went elsewhere has nothing to say here. */
function refuseStranger(
  { sender, senderFrame: frame }: IpcMainInvokeEvent,
  isOurPage: (contents: WebContents) => boolean,
): void {
  const ours =
    frame !== null &&
    frame === sender.mainFrame &&
    frame.origin === PAGE_ORIGIN &&
    frame.url.startsWith(`${PAGE_ORIGIN}/`) &&
    isOurPage(sender);
  if (!ours) throw new Error('Refused: only the page of AgenC Bar may ask this.');
}

async function answer<C extends AppCommandName>(
  name: C,
  params: unknown,
  handlers: AppHandlers,
): Promise<AppAnswer<C>> {
  const parsed = appCommands[name].params.safeParse(params);
  if (!parsed.success) {
    return { ok: false, message: `"${name}" was asked wrongly: ${z.prettifyError(parsed.error)}` };
  }
  try {
    const handler = handlers[name] as (params: unknown) => Promise<AppCommandResult<C>>;
    return { ok: true, value: await handler(parsed.data) };
  } catch (error) {
    // A defect's text may hold anything; what is meant for people is a UserError or the system's own.
    const told = error instanceof UserError || (error instanceof Error && 'code' in error);
    return {
      ok: false,
      message: told ? errorText(error) : 'Something went wrong in AgenC Bar; please report this.',
    };
  }
}
