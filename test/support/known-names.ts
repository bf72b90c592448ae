// Host names that the resolver knows for a test: no machine has fitting ones of its own for sure.
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { onTestFinished } from 'vitest'

/** Lets the resolver of this process know a name until the test ends. */
export function knowName(name: string, addresses: string[], delayMs = 0): void {
  const known = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const { lookup } = dns
  const { lookup: promisedLookup } = dns.promises
  const find = (options: unknown) => {
    const all = typeof options === 'object' && options !== null && 'all' in options && options.all
    return all ? known : known[0]
  }
  Reflect.set(dns, 'lookup', (host: string, options: unknown, callback: unknown) => {
    if (host !== name) return Reflect.apply(lookup, dns, [host, options, callback])
    const done = typeof options === 'function' ? options : callback
    if (typeof done !== 'function') throw new TypeError('no callback')
    const found = find(options)
    setTimeout(() => {
      if (Array.isArray(found)) done(null, found)
      else done(null, found?.address, found?.family)
    }, delayMs)
  })
  Reflect.set(dns.promises, 'lookup', async (host: string, options: unknown) =>
    host === name ? find(options) : Reflect.apply(promisedLookup, dns.promises, [host, options]),
  )
  syncBuiltinESMExports()
  onTestFinished(() => {
    Reflect.set(dns, 'lookup', lookup)
    Reflect.set(dns.promises, 'lookup', promisedLookup)
    syncBuiltinESMExports()
  })
}
