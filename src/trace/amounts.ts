// Amounts as people read them: `1,000 bytes`, `2.104 s`.

export function number(value: number): string {
  return value.toLocaleString('en')
}

export function bytesOf(count: number): string {
  return `${number(count)} ${count === 1 ? 'byte' : 'bytes'}`
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)} s`
}
