/** Replaces the entry of the config directory in `argv[2]` again and again, until it is killed. */
import { createSecurityStore } from '../../../main/stores/security/securityStore.ts';

const [configDir = '', ...texts] = process.argv.slice(2);
const ref = { scope: 'mission', configDir } as const;
const store = createSecurityStore();

for (let i = 0; ; i++) {
  const now = await store.read(ref);
  await store.write(ref, texts[i % texts.length] ?? '', now.status === 'found' ? now.text : null);
}
