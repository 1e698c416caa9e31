import { expect, it } from 'vitest';
import { tellEach } from '../../main/system/tellEach.ts';

it('a listener that throws costs no other its message, and its error is not lost', () => {
  const told: string[] = [];
  const defects: unknown[] = [];
  const defect = new Error('of the second');
  const listeners = [
    (message: string) => void told.push(`first ${message}`),
    () => {
      throw defect;
    },
    (message: string) => void told.push(`third ${message}`),
  ];
  tellEach(listeners, 'hears', (error) => void defects.push(error));
  expect(told).toEqual(['first hears', 'third hears']);
  expect(defects).toEqual([defect]);
});

it('one that leaves while it is told is no trouble', () => {
  const listeners = new Set<() => void>();
  const told: number[] = [];
  for (const n of [1, 2, 3]) {
    const tell = (): void => {
      told.push(n);
      listeners.delete(tell);
    };
    listeners.add(tell);
  }
  tellEach(listeners, undefined);
  expect(told).toEqual([1, 2, 3]);
});
