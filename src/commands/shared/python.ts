// How Python prints what the tutorial's programs print.
import type { Address } from '../../socket/index.ts'

/** Returns an address as Python prints the pair that accept() returns: `('127.0.0.1', 40312)`. */
export function pythonAddress({ host, port }: Address): string {
  return `('${host}', ${port})`
}
