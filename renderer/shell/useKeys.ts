import { useEffect, useRef } from 'react';
import type { AppState } from '../../main/service/contract/app.ts';
import { invoke } from '../api.ts';
import { shortcutOf } from '../shortcuts.ts';
import { openNewMission } from '../state/newMission.ts';
import { attempt } from '../state/notice.ts';
import { resync } from '../state/resync.ts';
import type { Navigation } from './useNavigation.ts';

/** The shortcuts of the whole window. Escape comes here only when nothing that is open took it. */
export function useKeys(navigation: Navigation, platform: AppState['platform']): void {
  const latest = useRef(navigation);
  useEffect(() => {
    latest.current = navigation;
  }, [navigation]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      if (event.key === 'Escape') {
        leave(latest.current);
        return;
      }
      const shortcut = shortcutOf(event, platform);
      // What is behind an open dialog or menu is not there for now.
      if (shortcut === null || isCovered()) return;
      event.preventDefault();
      if (shortcut === 'resync') void resync(null);
      else if (shortcut === 'newMission') openNewMission();
      else if (shortcut === 'find') findField()?.focus();
      else latest.current.go(shortcut);
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [platform]);
}

function leave({ at, back }: Navigation): void {
  if (at.place === 'settings' || at.page !== null) back();
  else void attempt(invoke('hide'));
}

function findField(): HTMLInputElement | null {
  const field = document.querySelector<HTMLInputElement>('input[type="search"]');
  field?.select();
  return field;
}

function isCovered(): boolean {
  return document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null;
}
