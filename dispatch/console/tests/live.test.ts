import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { LiveClient, type Why } from '../src/lib/live'

/** What a browser's WebSocket is to a page; this Node has none. */
class Socket {
  static made: Socket[] = []
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: ((closed: { code: number }) => void) | null = null
  closed = false
  readonly since: string | null

  constructor(address: URL) {
    this.since = address.searchParams.get('since')
    Socket.made.push(this)
  }

  close(): void {
    this.closed = true
  }

  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }
}

const last = (): Socket => Socket.made.at(-1) as Socket

describe('the line to the service', () => {
  let seq: number | null
  let lost: { why: Why; attempt: number }[]
  let ended: number
  let client: LiveClient

  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('WebSocket', Socket)
    vi.stubGlobal('location', { href: 'https://despacho.example/' })
    Socket.made = []
    seq = null
    lost = []
    ended = 0
    client = new LiveClient({
      heard: (message) => void (seq = message.type === 'snapshot' ? message.seq : seq),
      joined: () => undefined,
      lost: (why, attempt) => lost.push({ why, attempt }),
      ended: () => (ended += 1),
      since: () => seq,
    })
    client.start()
    last().says({ type: 'snapshot', seq: 41 })
  })

  afterEach(() => {
    client.stop()
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })

  it('begins with a snapshot', () => expect(last().since).toBeNull())

  it('told to move goes on elsewhere at once from where it was, and counts no failure', () => {
    const old = last()
    old.says({ type: 'move', reason: 'this server is stopping' })
    expect(old.closed).toBe(true)
    vi.advanceTimersByTime(250)
    expect(Socket.made).toHaveLength(2)
    expect(last().since).toBe('41')
    expect(lost).toEqual([{ why: 'move', attempt: 0 }])
  })

  it('closed for a restart it moves too, though the message was lost', () => {
    last().onclose?.({ code: 1012 })
    vi.advanceTimersByTime(250)
    expect(last().since).toBe('41')
    expect(lost).toEqual([{ why: 'move', attempt: 0 }])
  })

  it('spreads those who were told together', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.99)
    last().says({ type: 'move', reason: 'this server is stopping' })
    vi.advanceTimersByTime(240)
    expect(Socket.made).toHaveLength(1)
    vi.advanceTimersByTime(10)
    expect(Socket.made).toHaveLength(2)
  })

  it('backs off where the next node is not there yet, and still goes on from where it was', () => {
    last().says({ type: 'move', reason: 'this server is stopping' })
    for (const wait of [250, 500, 1000]) {
      vi.advanceTimersByTime(wait)
      last().onclose?.({ code: 1006 })
    }
    vi.advanceTimersByTime(2000)
    expect(Socket.made.map((socket) => socket.since)).toEqual([null, '41', '41', '41', '41'])
    expect(lost.map(({ why, attempt }) => `${why} ${attempt}`)).toEqual(['move 0', 'cut 1', 'cut 2', 'cut 3'])
  })

  it('shut out it says so and does not come back by itself, but where it is told to', () => {
    last().onclose?.({ code: 4001 })
    vi.advanceTimersByTime(600_000)
    expect(Socket.made).toHaveLength(1)
    expect(lost).toEqual([])
    expect(ended).toBe(1)
    client.now()
    expect(last().since).toBe('41')
  })

  it('told to resync begins anew', () => {
    last().says({ type: 'resync', reason: 'too slow' })
    vi.advanceTimersByTime(500)
    expect(last().since).toBeNull()
    expect(lost).toEqual([{ why: 'resync', attempt: 1 }])
  })
})
