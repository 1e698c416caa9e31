import { EventEmitter } from 'node:events';
import type { PowerMonitor } from 'electron';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onWake } from '../../../electron/wake.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function setUp() {
  const monitor = new EventEmitter() as unknown as PowerMonitor & EventEmitter;
  const resync = vi.fn();
  return { monitor, resync, forget: onWake(monitor, resync) };
}

it('wake and unlock together are one resync, after a moment', () => {
  const { monitor, resync } = setUp();
  monitor.emit('resume');
  monitor.emit('unlock-screen');
  vi.advanceTimersByTime(1_000);
  expect(resync).not.toHaveBeenCalled();
  vi.advanceTimersByTime(4_000);
  expect(resync).toHaveBeenCalledTimes(1);
  monitor.emit('unlock-screen');
  vi.advanceTimersByTime(5_000);
  expect(resync).toHaveBeenCalledTimes(2);
});

it('asleep again, nothing is done; and nothing after it was stopped', () => {
  const { monitor, resync, forget } = setUp();
  monitor.emit('resume');
  monitor.emit('suspend');
  vi.advanceTimersByTime(10_000);
  monitor.emit('resume');
  forget();
  monitor.emit('resume');
  vi.advanceTimersByTime(10_000);
  expect(resync).not.toHaveBeenCalled();
});
