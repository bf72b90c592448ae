// What sockets and listeners show to the rest of the layer, under keys that nobody else has.

/** The key of what a trace says of a socket or a listener: an `Endpoint`. */
export const endpoint = Symbol('pynet.endpoint')

/** The key of what a Selector asks of a socket or a listener. */
export const readiness = Symbol('pynet.readiness')

/** Readiness for reading. It is level-triggered: it lasts as long as a read would not block. */
export interface Readiness {
  readonly readable: boolean
  /** Asks the operating system for input, so that its arrival is noticed. */
  demand(): void
  /** Calls `watcher` whenever `readable` may have become true. Returns what ends that. */
  watch(watcher: () => void): () => void
}

/** What waits for `readable` to become true. */
export class Watchers {
  #watchers: (() => void)[] = []

  add(watcher: () => void): () => void {
    this.#watchers.push(watcher)
    return () => {
      this.#watchers = this.#watchers.filter((other) => other !== watcher)
    }
  }

  notify(): void {
    for (const watcher of this.#watchers) watcher()
  }
}
