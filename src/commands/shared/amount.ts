// Numbers of bytes in messages, in plain digits for scripts.

/** Returns `1 byte` or `20000 bytes`. */
export function bytesOf(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`
}
