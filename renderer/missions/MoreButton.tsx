import { useRef, useSyncExternalStore } from 'react';
import { IconButton } from '../ui/IconButton.tsx';
import styles from './MoreButton.module.css';
import { openMenu } from './menu.ts';

/** Opens the menu of one mission. */
export function MoreButton({ id, name }: { id: string; name: string }) {
  const button = useRef<HTMLButtonElement>(null);
  const open = useSyncExternalStore(openMenu.subscribe, () => openMenu.get()?.id === id);
  return (
    <IconButton
      ref={button}
      icon="more"
      label={`Actions for ${name}`}
      bare
      aria-haspopup="menu"
      aria-expanded={open}
      className={styles.button}
      onPress={() => openMenu.set({ id, button: button.current, point: null })}
    />
  );
}
