// Amounts as people read them: `1,000 bytes`, `2.104 s`.

const english = new Intl.NumberFormat('en')

export function number(value: number): string {
  return english.format(value)
}

export function bytesOf(count: number): string {
  return `${number(count)} ${count === 1 ? 'byte' : 'bytes'}`
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)} s`
}
