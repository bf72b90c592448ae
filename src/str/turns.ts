// Who is served next (tutorial, section 6): nobody twice before everybody once, round after round.

/** Calls `serve` for each member in turn, until it has given false for every one of them. */
export function takeTurns<T>(members: readonly T[], serve: (member: T) => boolean): void {
  // In place: a burst of letters takes as many rounds, and each would leave an array behind.
  const queue = [...members]
  for (let length = queue.length; length > 0; ) {
    let kept = 0
    for (let index = 0; index < length; index++) {
      const member = queue[index] as T
      if (serve(member)) queue[kept++] = member
    }
    length = kept
  }
}
