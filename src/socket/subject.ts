// The key under which a socket or a listener tells the layer what a trace says of it.
export const subject = Symbol('pynet.subject')
