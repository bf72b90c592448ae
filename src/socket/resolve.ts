// The IP addresses of a host.
import { type LookupAddress, lookup } from 'node:dns'
import { isIP } from 'node:net'
import { codedError } from './errors.ts'
import { abortable, startTimeout } from './waiting.ts'

/**
 * Resolves with the addresses of a host in the resolver's order (getaddrinfo(3)). Rejects with
 * Node's error, with ETIMEDOUT after `timeoutMs`, with `signal.reason` when aborted.
 */
export function resolveHost(
  host: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<LookupAddress[]> {
  const family = isIP(host)
  if (family !== 0) return Promise.resolve([{ address: host, family }])
  return abortable(signal, (resolve, reject) => {
    lookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)))
    return startTimeout(timeoutMs, () => reject(timedOutError()))
  })
}

/** Returns the error of an attempt whose time is over. */
export function timedOutError(): Error {
  return codedError('ETIMEDOUT', 'timed out')
}
