import type { LaunchedApp } from './launchedApp.ts';

/** What of the handles the real Electron can do too. The others are the stand-in's alone. */
export type ElectronHandles = Pick<
  LaunchedApp,
  | 'answerDialog'
  | 'blurWindow'
  | 'closeWindow'
  | 'focusWindow'
  | 'power'
  | 'reloadWindow'
  | 'setTheme'
>;

export function electronHandles(evaluate: LaunchedApp['evaluate']): ElectronHandles {
  const withWindow = (what: 'blur' | 'close' | 'focus' | 'reload', index: number): Promise<void> =>
    evaluate(({ BrowserWindow }, [name, at]) => BrowserWindow.getAllWindows()[at]?.[name](), [
      what,
      index,
    ] as const);
  return {
    answerDialog: (answer) =>
      evaluate(({ dialog }, { canceled, filePaths = [], filePath = '', response = 0, ...rest }) => {
        const cancelled = canceled ?? (filePaths.length === 0 && filePath === '');
        const checkboxChecked = rest.checkboxChecked === true;
        Object.assign(dialog, {
          showOpenDialog: async () => ({ canceled: cancelled, filePaths }),
          showSaveDialog: async () => ({ canceled: cancelled, filePath }),
          showMessageBox: async () => ({ response, checkboxChecked }),
        });
      }, answer),
    blurWindow: (window = 0) => withWindow('blur', window),
    closeWindow: (window = 0) => withWindow('close', window),
    focusWindow: (window = 0) => withWindow('focus', window),
    reloadWindow: (window = 0) => withWindow('reload', window),
    power: (event) =>
      evaluate(({ powerMonitor }, name) => {
        powerMonitor.emit(name as 'resume');
      }, event),
    setTheme: ({ dark }) =>
      evaluate(({ nativeTheme }, isDark) => {
        nativeTheme.themeSource = isDark === true ? 'dark' : 'light';
      }, dark),
  };
}
