// Which lane stands where: the two ends of a connection side by side, as far as that can be.
import type { Connection, Lane } from './ladder.ts'

type Neighbours = Map<Lane, Set<Lane>>

/** Returns the lanes from left to right: those that connect first, one with many peers in the middle. */
export function arrange(lanes: readonly Lane[], connections: readonly Connection[]): Lane[] {
  const neighbours: Neighbours = new Map(lanes.map((lane) => [lane, new Set()]))
  for (const { ends } of connections) {
    neighbours.get(ends[0].lane)?.add(ends[1].lane)
    neighbours.get(ends[1].lane)?.add(ends[0].lane)
  }
  const openers = new Set(connections.map(({ ends: [opener] }) => opener.lane))
  const clientsFirst = [...lanes].sort((a, b) => Number(openers.has(b)) - Number(openers.has(a)))
  const ranks = new Map(clientsFirst.map((lane, rank) => [lane, rank]))
  const arranged = new Set<Lane>()
  for (const lane of clientsFirst) {
    if (arranged.has(lane)) continue
    const group = reachable(lane, neighbours).sort((a, b) => rankOf(a) - rankOf(b))
    for (const one of arrangeGroup(group, neighbours)) arranged.add(one)
  }
  return [...arranged]

  function rankOf(lane: Lane): number {
    return ranks.get(lane) ?? 0
  }
}

/** Returns whether each connection is between two lanes that stand side by side. */
export function areNeighbours(lanes: readonly Lane[], connections: readonly Connection[]): boolean {
  const places = new Map(lanes.map((lane, place) => [lane, place]))
  return connections.every(({ ends: [one, other] }) => {
    return Math.abs((places.get(one.lane) ?? 0) - (places.get(other.lane) ?? 0)) === 1
  })
}

function reachable(start: Lane, neighbours: Neighbours): Lane[] {
  const found = new Set([start])
  for (const lane of found) {
    for (const next of neighbours.get(lane) ?? []) found.add(next)
  }
  return [...found]
}

/** A chain from one of its outer lanes to the other, or the busiest lane in the middle. */
function arrangeGroup(group: readonly Lane[], neighbours: Neighbours): Iterable<Lane> {
  const degree = (lane: Lane) => neighbours.get(lane)?.size ?? 0
  const outer = group.find((lane) => degree(lane) <= 1)
  if (outer !== undefined && group.every((lane) => degree(lane) <= 2)) {
    // From an outer lane of a chain everything is reached in the order of the chain.
    return reachable(outer, neighbours)
  }
  const busiest = group.reduce((most, lane) => (degree(lane) > degree(most) ? lane : most))
  const others = group.filter((lane) => lane !== busiest)
  const half = Math.ceil(others.length / 2)
  return [...others.slice(0, half), busiest, ...others.slice(half)]
}
