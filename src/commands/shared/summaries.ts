// The commands by name: each one's line of help, and the tutorial's program that a user may type instead.

export interface Summary {
  readonly summary: string
  readonly original?: string
}

export const SUMMARIES: Readonly<Record<string, Summary>> = {
  'echo-server': { summary: 'send a string back in many copies', original: 'tms.py' },
  'echo-client': {
    summary: 'send a string and show the chunks that come back',
    original: 'tmc.py',
  },
  'wps-server': { summary: 'run w or ps for whoever asks', original: 'svr.py' },
  'wps-client': { summary: 'ask for w or ps and print the answer', original: 'wps.py' },
  'str-server': {
    summary: 'append letters from several clients to one string',
    original: 'strsvr.py',
  },
  'str-client': { summary: 'send letters, one at a time', original: 'strclnt.py' },
  demo: { summary: 'play one of the pairs in this terminal, and show what happens' },
  ladder: { summary: "draw what both ends' traces show, as a ladder diagram" },
  watch: { summary: 'show what the sockets of any program do, in any language' },
  relay: { summary: 'stand between a client and a server; cut, delay or break the stream' },
  check: { summary: 'check whether a program does what its role requires' },
}

const NAME_COLUMNS = 14

/** Returns the help of pynet as a whole. */
export function overview(): string {
  const lines = Object.entries(SUMMARIES).map(([name, { summary, original }]) => {
    return `  ${name.padEnd(NAME_COLUMNS)}${summary}${original ? ` (${original})` : ''}`
  })
  return `Usage: pynet <command> [options] [arguments]

The six example programs of a classic tutorial on network programming with
Python, and tools that make sockets visible.

Commands:
${lines.join('\n')}

Options:
  -V, --version   print the version
  -h, --help      print this help

Run "pynet help <command>" for its options and examples.
`
}
