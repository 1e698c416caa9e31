import { createMemoryStore } from '../support/memoryStore.ts';
import { describeStoreConformance } from './conformance.ts';

describeStoreConformance('memory store (the tests’ own)', async () => {
  const store = createMemoryStore();
  return {
    store,
    global: { scope: 'global', configDir: '/global' },
    mission: { scope: 'mission', configDir: '/a' },
    other: { scope: 'mission', configDir: '/b' },
    writeFromOutside: async (ref, text) => void store.texts.set(ref.configDir, text),
    dispose: store.dispose,
  };
});
