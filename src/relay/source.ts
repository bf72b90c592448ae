// One direction of a connection, as the parts of the relay hand it to one another.

/**
 * Resolves with the bytes that come next; with an empty Buffer at the end of data, again and
 * again; rejects when the connection is lost, after all that came before. Like `recv`, it is
 * called by one reader at a time.
 */
export type Source = () => Promise<Buffer>
