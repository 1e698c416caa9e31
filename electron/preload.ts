import { contextBridge, ipcRenderer } from 'electron';
import type { AgencBarBridge } from '../main/service/contract/app.ts';

/** All that the page can reach. Whatever comes over these channels is checked by the main process. */
const bridge: AgencBarBridge = {
  invoke: (name, params) => ipcRenderer.invoke(`agenc-bar:${name}`, params),
  on(name, listener) {
    const channel = `agenc-bar:push:${name}`;
    const handler = (_event: unknown, message: Parameters<typeof listener>[0]) => listener(message);
    ipcRenderer.on(channel, handler);
    return () => {
      ipcRenderer.off(channel, handler);
    };
  },
};

contextBridge.exposeInMainWorld('agencBar', bridge);
