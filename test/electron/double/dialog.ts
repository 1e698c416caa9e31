/** Dialogs answer with what the test has prepared; without that, the user cancels. */
import type { MessageBoxOptions, OpenDialogOptions, SaveDialogOptions } from 'electron';
import { strict } from './strict.ts';

/** What the user chooses: files, a place to save, or a button. */
export interface DialogAnswer {
  readonly canceled?: boolean;
  readonly filePaths?: string[];
  readonly filePath?: string;
  readonly response?: number;
  readonly checkboxChecked?: boolean;
}

const prepared: DialogAnswer[] = [];

export function prepareAnswer(answer: DialogAnswer): void {
  prepared.push(answer);
}

export const dialog = strict('dialog', {
  async showOpenDialog(
    ..._args: [OpenDialogOptions] | [window: object, OpenDialogOptions]
  ): Promise<{ canceled: boolean; filePaths: string[] }> {
    const { canceled, filePaths = [] } = await nextAnswer();
    return { canceled: canceled ?? filePaths.length === 0, filePaths };
  },
  async showSaveDialog(
    ..._args: [SaveDialogOptions] | [window: object, SaveDialogOptions]
  ): Promise<{ canceled: boolean; filePath: string }> {
    const { canceled, filePath = '' } = await nextAnswer();
    return { canceled: canceled ?? filePath === '', filePath };
  },
  async showMessageBox(
    ...args: [MessageBoxOptions] | [window: object, MessageBoxOptions]
  ): Promise<{ response: number; checkboxChecked: boolean }> {
    const { response, checkboxChecked = false } = await nextAnswer();
    return { response: response ?? cancelOf(args), checkboxChecked };
  },
  showMessageBoxSync(...args: [MessageBoxOptions] | [window: object, MessageBoxOptions]): number {
    return prepared.shift()?.response ?? cancelOf(args);
  },
  showErrorBox(title: string, content: string): void {
    console.error(`[error box] ${title}\n${content}`);
  },
});

/** A person takes longer than an event. */
async function nextAnswer(): Promise<DialogAnswer> {
  await new Promise((resolve) => setImmediate(resolve));
  return prepared.shift() ?? {};
}

/** What Escape chooses: the button named so, else "Cancel" or "No", else the first. */
function cancelOf(args: readonly unknown[]): number {
  const { cancelId, buttons = [] } = args.at(-1) as MessageBoxOptions;
  if (cancelId !== undefined) return cancelId;
  return Math.max(
    0,
    buttons.findIndex((label) => /^(cancel|no)$/i.test(label)),
  );
}
