import { useDeferredValue, useEffect, useState, useSyncExternalStore } from 'react';
import type { LogFilter } from '../../main/service/contract/log.ts';
import { LogModel } from './model.ts';
import { appLog } from './source.ts';

/** The log, open for as long as it is looked at, with what a filter lets through. */
export function useLog(wanted: LogFilter): LogModel {
  const [model] = useState(() => new LogModel(appLog));
  useSyncExternalStore(model.subscribe, model.version);
  useEffect(() => model.open(), [model]);
  // What is typed is shown first, and filtered by when there is time.
  const filter = useDeferredValue(wanted);
  useEffect(() => model.setFilter(filter), [model, filter]);
  return model;
}
