// What a selector needs to know of a socket or a listener: whether a call would return at once.

/** The key under which sockets and listeners show their readiness to the layer's own Selector. */
export const readiness = Symbol('pynet.readiness')

/** Level-triggered readiness for reading: it holds as long as a call would not block. */
export interface Readiness {
  readonly readable: boolean
  /** Sees to it that the operating system tells of new input. */
  demand(): void
  /** Calls `watcher` whenever `readable` may have become true; gives the way to stop that. */
  watch(watcher: () => void): () => void
}

/** Anything that can be registered with a Selector. */
export interface Pollable {
  readonly [readiness]: Readiness
}
