import { open } from 'node:fs/promises';

/** Makes the names in a folder durable: a renamed file is only safe once its folder is synced. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open folders; its renames are journalled by the file system.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
