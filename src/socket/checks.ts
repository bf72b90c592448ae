// Numbers and names that callers give: one out of range is a RangeError that names it.

const MAX_PORT = 65_535

/** @throws RangeError unless `value` is left out, or an integer in this range. */
export function checkInteger(name: string, value: number | undefined, min: number, max = Infinity) {
  if (value === undefined || (Number.isSafeInteger(value) && value >= min && value <= max)) return
  const range = max === Infinity ? `of at least ${min}` : `from ${min} to ${max}`
  throw new RangeError(`${name} must be an integer ${range}, not ${value}`)
}

/** @throws RangeError unless `ms` is left out, or a number of milliseconds, 0 or more. */
export function checkMilliseconds(name: string, ms: number | undefined): void {
  if (ms === undefined || ms >= 0) return
  throw new RangeError(`${name} must be a number of milliseconds, not ${ms}`)
}

/** @throws RangeError for an empty host, or a port out of range. */
export function checkAddress(host: string | undefined, port: number, minPort: number): void {
  if (host === '') throw new RangeError('host must not be empty')
  checkInteger('port', port, minPort, MAX_PORT)
}
