// Which lane stands where: the two ends of a connection side by side, as far as that can be.
import type { Connection, Lane } from './ladder.ts'

/** The lanes from left to right: those that connect first, one with many peers in their middle. */
export function arrange(lanes: readonly Lane[], connections: readonly Connection[]): Lane[] {
  const neighbours = new Map<Lane, Lane[]>(lanes.map((lane) => [lane, []]))
  for (const { ends } of connections) {
    const [one, other] = [ends[0].lane, ends[1].lane]
    if (!neighbours.get(one)?.includes(other)) neighbours.get(one)?.push(other)
    if (!neighbours.get(other)?.includes(one)) neighbours.get(other)?.push(one)
  }
  const openers = new Set(connections.map(({ ends: [opener] }) => opener.lane))
  const clientsFirst = [...lanes].sort((a, b) => Number(openers.has(b)) - Number(openers.has(a)))
  const arranged: Lane[] = []
  for (const lane of clientsFirst) {
    if (arranged.includes(lane)) continue
    const group = reachable(lane, neighbours)
    arranged.push(...(arrangeGroup(group, neighbours, clientsFirst) ?? group))
  }
  return arranged
}

/** Whether each connection is between two lanes that stand side by side. */
export function areNeighbours(lanes: readonly Lane[], connections: readonly Connection[]): boolean {
  return connections.every(({ ends: [one, other] }) => {
    return Math.abs(lanes.indexOf(one.lane) - lanes.indexOf(other.lane)) === 1
  })
}

function reachable(start: Lane, neighbours: Map<Lane, Lane[]>): Lane[] {
  const found = [start]
  for (const lane of found) {
    for (const next of neighbours.get(lane) ?? []) if (!found.includes(next)) found.push(next)
  }
  return found
}

/** A chain from one of its outer lanes to the other, or the busiest lane in the middle. */
function arrangeGroup(
  group: readonly Lane[],
  neighbours: Map<Lane, Lane[]>,
  clientsFirst: readonly Lane[],
): Lane[] | undefined {
  const degree = (lane: Lane) => neighbours.get(lane)?.length ?? 0
  const isChain = group.every((lane) => degree(lane) <= 2)
  if (isChain) {
    const outer = clientsFirst.find((lane) => group.includes(lane) && degree(lane) <= 1)
    return outer === undefined ? undefined : walk(outer, neighbours)
  }
  const hub = group.reduce((busiest, lane) => (degree(lane) > degree(busiest) ? lane : busiest))
  const others = clientsFirst.filter((lane) => group.includes(lane) && lane !== hub)
  const half = Math.ceil(others.length / 2)
  return [...others.slice(0, half), hub, ...others.slice(half)]
}

function walk(start: Lane, neighbours: Map<Lane, Lane[]>): Lane[] {
  const path = [start]
  for (const lane of path) {
    const next = neighbours.get(lane)?.find((candidate) => !path.includes(candidate))
    if (next !== undefined) path.push(next)
  }
  return path
}
