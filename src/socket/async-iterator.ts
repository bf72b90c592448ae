// An iterator for `for await`, written by hand: an async generator takes more turns for each value.

const DONE = Object.freeze({ done: true, value: undefined })

/** Gives what `next` gives, until the loop is left; then `leave` is called, once, and it is over. */
export function asyncIterator<T>(
  next: () => Promise<IteratorResult<T, undefined>>,
  leave: () => void = () => {},
): AsyncIterableIterator<T, undefined, undefined> {
  let isLeft = false
  return {
    next: () => (isLeft ? Promise.resolve(DONE) : next()),
    return() {
      if (!isLeft) leave()
      isLeft = true
      return Promise.resolve(DONE)
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
