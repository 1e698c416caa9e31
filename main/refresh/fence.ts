/**
 * The refresh fence of one server, as a pure state machine: while a client refreshes, all others that hold
 * the server are kept waiting, so that they find its new token instead of spending the old one again.
 * A place is a credential directory. Times are monotonic ms.
 */
export interface FenceState {
  /** Where clients refresh. `locked`: their lock is there. `ended`: it is gone, and their new token is being read. */
  readonly clients: ReadonlyMap<Place, 'locked' | 'ended'>;
  /** Where we hold the lock. */
  readonly held: ReadonlySet<Place>;
  /** When the fence falls at the latest; `null`: none is up. */
  readonly until: number | null;
  /** Before this no new one is put up. */
  readonly restUntil: number;
}

export type Place = string;

export type FenceInput =
  /** A client's lock is there. `others`: where else the server is held. */
  | { readonly kind: 'locked'; readonly place: Place; readonly others: readonly Place[] }
  /** Of those asked for, these are ours now. */
  | { readonly kind: 'taken'; readonly places: readonly Place[] }
  /** No lock is there any more. */
  | { readonly kind: 'unlocked'; readonly place: Place }
  /** What the client at a place left is taken in: everybody has it. `changed`: it was a new value. */
  | { readonly kind: 'settled'; readonly place: Place; readonly changed: boolean }
  | { readonly kind: 'started'; readonly place: Place }
  | { readonly kind: 'stopped'; readonly place: Place }
  | { readonly kind: 'woken' }
  /** Syncing is paused, or the engine ends. */
  | { readonly kind: 'off' };

export type FenceEffect =
  | { readonly kind: 'take'; readonly places: readonly Place[] }
  | { readonly kind: 'release'; readonly places: readonly Place[] }
  /** Take in what the client there left, then say `settled`. */
  | { readonly kind: 'settle'; readonly place: Place }
  /** Say `woken` after this time. */
  | { readonly kind: 'wake'; readonly delayMs: number }
  | { readonly kind: 'tell'; readonly place: Place; readonly outcome: FenceOutcome };

export type FenceOutcome = 'changed' | 'unchanged' | 'timeout';

/** A client that waits asks every one to two seconds, some five times (measured); then it does without. */
export const FENCE_LIMIT_MS = 4_000;
/** After a fence that fell for its age: time for all who wait to get their turn. */
export const FENCE_REST_MS = 4_000;

export const NO_FENCE: FenceState = {
  clients: new Map(),
  held: new Set(),
  until: null,
  restUntil: 0,
};

interface Step {
  readonly state: FenceState;
  readonly effects: readonly FenceEffect[];
}

/** What an input makes of a fence, and what is to be done. Pure. */
export function fenceStep(state: FenceState, input: FenceInput, now: number): Step {
  switch (input.kind) {
    case 'locked':
      return locked(state, input.place, input.others, now);
    case 'taken':
      // It fell while they were being taken.
      if (state.until === null) return { state, effects: release(input.places) };
      return same({ ...state, held: new Set([...state.held, ...input.places]) });
    case 'unlocked':
      return clientEnded({ ...state, held: without(state.held, input.place) }, input.place);
    case 'settled':
      return settled(state, input.place, input.changed);
    case 'started': {
      const isIn = state.clients.has(input.place) || state.held.has(input.place);
      if (state.until === null || isIn) return same(state);
      return { state, effects: [{ kind: 'take', places: [input.place] }] };
    }
    case 'stopped': {
      const ours = state.held.has(input.place) ? [input.place] : [];
      const next = clientEnded({ ...state, held: without(state.held, input.place) }, input.place);
      return { ...next, effects: [...release(ours), ...next.effects] };
    }
    case 'woken':
      return woken(state, now);
    case 'off':
      return {
        state: { ...NO_FENCE, restUntil: state.restUntil },
        effects: release([...state.held]),
      };
  }
}

/** Whether there is nothing to be remembered of it. */
export function isOver(state: FenceState, now: number): boolean {
  return state.clients.size === 0 && state.until === null && state.restUntil <= now;
}

function locked(state: FenceState, place: Place, others: readonly Place[], now: number): Step {
  // A client touches its lock now and then; that is no new one.
  const isNew = state.clients.get(place) !== 'locked';
  const clients = new Map(state.clients).set(place, 'locked');
  // Where a client has the lock, we do not have it any more.
  const next = { ...state, clients, held: without(state.held, place) };
  if (!isNew || state.until !== null || now < state.restUntil) return same(next);
  const places = others.filter((other) => !clients.has(other));
  if (places.length === 0) return same(next);
  return {
    state: { ...next, until: now + FENCE_LIMIT_MS },
    effects: [
      { kind: 'take', places },
      { kind: 'wake', delayMs: FENCE_LIMIT_MS },
    ],
  };
}

function clientEnded(state: FenceState, place: Place): Step {
  if (state.clients.get(place) !== 'locked') return same(state);
  const clients = new Map(state.clients).set(place, 'ended');
  return { state: { ...state, clients }, effects: [{ kind: 'settle', place }] };
}

function settled(state: FenceState, place: Place, changed: boolean): Step {
  // Switched off meanwhile, or locked again: that one's end is to come.
  if (state.clients.get(place) !== 'ended') return same(state);
  const clients = new Map(state.clients);
  clients.delete(place);
  const tell: FenceEffect = { kind: 'tell', place, outcome: changed ? 'changed' : 'unchanged' };
  if (!changed && clients.size > 0) return { state: { ...state, clients }, effects: [tell] };
  return {
    state: { ...state, clients, held: new Set(), until: null },
    effects: [...release([...state.held]), tell],
  };
}

function woken(state: FenceState, now: number): Step {
  if (state.until === null) return same(state);
  if (now < state.until) return { state, effects: [{ kind: 'wake', delayMs: state.until - now }] };
  const [slow] = state.clients.keys();
  return {
    state: { ...state, held: new Set(), until: null, restUntil: now + FENCE_REST_MS },
    effects: [
      ...release([...state.held]),
      ...(slow === undefined ? [] : [{ kind: 'tell', place: slow, outcome: 'timeout' } as const]),
    ],
  };
}

function same(state: FenceState): Step {
  return { state, effects: [] };
}

function release(places: readonly Place[]): FenceEffect[] {
  return places.length === 0 ? [] : [{ kind: 'release', places }];
}

function without(places: ReadonlySet<Place>, place: Place): ReadonlySet<Place> {
  if (!places.has(place)) return places;
  const rest = new Set(places);
  rest.delete(place);
  return rest;
}
