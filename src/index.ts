// The library: the sockets API of the tutorial for Node.js, and how to watch its calls.
export {
  CALL_CHANNEL,
  CALL_START_CHANNEL,
  type Call,
  type CallName,
  type Endpoint,
  type Outcome,
  type Transfer,
} from './calls.ts'
export {
  type Address,
  type ConnectOptions,
  connect,
  type Encoding,
  type Line,
  type LineOptions,
  LineSplitter,
  LineTooLongError,
  Listener,
  type ListenOptions,
  listen,
  type RefusalHandler,
  Selector,
  SocketError,
  SocketFile,
  TcpSocket,
  type WaitOptions,
} from './socket/index.ts'
export type {
  TraceCall,
  TraceCallName,
  TraceHeader,
  TraceSource,
  WatchedCallName,
} from './trace/format.ts'
