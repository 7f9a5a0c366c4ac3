// A request that is refused before its body was read: the rest is taken and thrown away.

/** An unread body would make the runtime close the connection under a client that is still sending. */
export async function drain(request: Request): Promise<void> {
  if (request.body !== null && !request.bodyUsed) await request.body.pipeTo(new WritableStream());
}
