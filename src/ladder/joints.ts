// Box-drawing characters: a lane's line, light while it runs and heavy while a call blocks.

/** By whether the line is heavy above and below: plain, with a tick to the right, left, both. */
const JOINTS = {
  lightLight: '│├┤┼',
  lightHeavy: '╽┟┧╁',
  heavyLight: '╿┞┦╀',
  heavyHeavy: '┃┠┨╂',
}
export const UNKNOWN_LINE = '┆'

/** The character of a lane's line where it meets what is beside it. */
export function joint(
  isHeavyAbove: boolean,
  isHeavyBelow: boolean,
  ticks: { left: boolean; right: boolean },
): string {
  const above = isHeavyAbove ? 'heavy' : 'light'
  const below = isHeavyBelow ? 'Heavy' : 'Light'
  return JOINTS[`${above}${below}`].charAt((ticks.right ? 1 : 0) + (ticks.left ? 2 : 0))
}

/** An arrow of exactly so many columns, with its label in the middle. */
export function arrowOf(columns: number, label: string, isToRight: boolean): string {
  const dashes = columns - 1 - label.length
  const before = '─'.repeat(Math.floor(dashes / 2))
  const shaft = `${before}${label}${'─'.repeat(dashes - before.length)}`
  return isToRight ? `${shaft}►` : `◄${shaft}`
}

/** The fewest columns in which an arrow is one. */
export function leastArrow(label: string): number {
  return label.length + (label === '' ? 3 : 4)
}
