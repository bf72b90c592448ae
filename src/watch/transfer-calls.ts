// The calls that move bytes: send and recv under all their names, and descriptors in a message.
import { descriptorOf, descriptorsOf } from './arguments.ts'
import { emptyHanded } from './connection-calls.ts'
import type { TcpSocket } from './open-files.ts'
import type { PassedSocket, Program } from './program.ts'
import type { Handler, Return, SystemCall } from './system-call.ts'
import { asked, besidesTheStream, moved, TRANSFER_CALLS, type TransferCall } from './transfers.ts'

/** `splice` has a socket on one of its two sides; every other call has it in front. */
const transferring: Handler = {
  enter(program, call) {
    for (const transfer of TRANSFER_CALLS.get(call.name) ?? []) {
      const text = transfer.socket === 0 ? call.text : call.args[transfer.socket]
      const socket = program.socketAt(call.thread, descriptorOf(text))
      if (socket === undefined) continue
      const given = transfer.call === 'send' ? asked(transfer.shape, call.args) : undefined
      return { call: transfer.call, socket, transfer, asked: given }
    }
    return undefined
  },
  leave(program, call, end, { socket, transfer }) {
    if (socket !== undefined && transfer !== undefined) {
      tellTransfer(program, call, end, socket, transfer)
    }
  },
}

function tellTransfer(
  program: Program,
  systemCall: SystemCall,
  { result = -1, error, returnedUs }: Return,
  socket: TcpSocket,
  { call, shape, flags }: TransferCall,
): void {
  const { thread, enteredUs } = systemCall
  if (result < 0) {
    if (error !== 'EAGAIN') program.connected(thread, socket, returnedUs, error)
    program.records.tell(thread, call, socket, { enteredUs, returnedUs, ...emptyHanded(error) })
    return
  }
  program.connected(thread, socket, returnedUs)
  const { args } = systemCall
  const isSend = call === 'send'
  const given = asked(shape, args)
  const { bytes, head } = moved(shape, args, result)
  const aside = isSend || flags === undefined ? undefined : besidesTheStream(args[flags])
  if (aside !== undefined) {
    program.records.tell(thread, `${call}(${aside})`, socket, {
      enteredUs,
      returnedUs,
      bytes,
      head,
    })
    return
  }
  // Without room for a byte, none is no end of data.
  if (!isSend && bytes === 0 && given === 0) return
  const offset = isSend ? socket.sent : socket.received
  if (isSend) socket.sent += bytes
  else socket.received += bytes
  const isPartial = isSend && given !== undefined && given > bytes
  const tried = isPartial ? given : undefined
  program.records.tell(thread, call, socket, {
    enteredUs,
    returnedUs,
    bytes,
    offset,
    head,
    asked: tried,
  })
}

const RIGHTS = /cmsg_type=SCM_RIGHTS, cmsg_data=\[([^{}]*?)\]\}/g

function descriptorsIn(message: string) {
  return [...message.matchAll(RIGHTS)].flatMap(([, list = '']) => descriptorsOf(list))
}

/** The sockets whose descriptors a message carries. */
function socketsIn(program: Program, { thread, text }: SystemCall): PassedSocket[] {
  return descriptorsIn(text).flatMap(({ number, file }) => {
    const socket = program.socketAt(thread, { number, file })
    return socket === undefined ? [] : [{ file, socket }]
  })
}

/** A message of a Unix socket may carry descriptors: they are under way from the call's entry on. */
const sendMessage: Handler = {
  enter(program, call) {
    const entry = transferring.enter(program, call)
    if (entry !== undefined) return entry
    const sockets = socketsIn(program, call)
    for (const passed of sockets) program.pass(passed)
    return sockets.length > 0 ? {} : undefined
  },
  leave(program, call, end, entry) {
    transferring.leave(program, call, end, entry)
    if (entry.socket !== undefined || (end.result ?? -1) >= 0) return
    for (const { file } of socketsIn(program, call)) program.take(file)
  },
}

const receiveMessage: Handler = {
  enter: (program, call) => transferring.enter(program, call) ?? {},
  leave(program, call, end, entry) {
    transferring.leave(program, call, end, entry)
    if (entry.socket !== undefined) return
    const closesOnExec = call.text.includes('MSG_CMSG_CLOEXEC')
    for (const { number, file } of descriptorsIn(call.text)) {
      const socket = program.take(file)
      if (socket === undefined) program.socketAt(call.thread, { number, file })
      else program.open(call.thread, number, socket, closesOnExec, end.returnedUs)
    }
  },
}

const MESSAGE_CALLS: Readonly<Record<string, Handler>> = {
  sendmsg: sendMessage,
  sendmmsg: sendMessage,
  recvmsg: receiveMessage,
  recvmmsg: receiveMessage,
}

export const BYTE_CALLS: readonly [name: string, Handler][] = [...TRANSFER_CALLS.keys()].map(
  (name) => [name, MESSAGE_CALLS[name] ?? transferring],
)
