// What writes and sums up traces, in one place: a program loads it only when it is asked for a trace.
export { observe } from './observe.ts'
export { ownCost, Summary } from './summary.ts'
export { TraceFile } from './trace-file.ts'
export { TraceLines } from './trace-lines.ts'
