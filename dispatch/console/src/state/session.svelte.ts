/** Who sits here. The link that the service prints carries a code in its fragment, which is never sent in an address. */

import { api, Refused } from '../lib/api'
import { room } from './room.svelte'

const RETRY_MS = 2000

/** Why the door stays shut; each has its words. */
export type Refusal = 'wrong' | 'link-wrong' | 'link-used' | 'link-expired' | 'too-many' | 'ended'

class Session {
  state = $state<'asking' | 'out' | 'in'>('asking')
  problem = $state<'none' | 'unreachable' | Refusal>('none')

  async begin(): Promise<void> {
    const code = new URLSearchParams(location.hash.slice(1)).get('code')
    if (code !== null) {
      history.replaceState(null, '', location.pathname + location.search)
      await this.#prove({ code }, 'link-wrong')
      if (this.state === 'in') return
    }
    await this.ask()
  }

  async ask(): Promise<void> {
    try {
      await api.session()
      await this.#enter()
    } catch (error) {
      this.#out(error, this.problem === 'unreachable' ? 'none' : this.problem, () => this.ask())
    }
  }

  signIn(key: string): Promise<void> {
    return this.#prove({ key }, 'wrong')
  }

  async signOut(): Promise<void> {
    room.stop()
    this.state = 'out'
    this.problem = 'none'
    await api.signOut()
  }

  /** The live line thinks that it may have been shut out; a service that is merely away changes nothing. */
  async doubt(): Promise<void> {
    if (this.state !== 'in') return
    try {
      await api.session()
    } catch (error) {
      if (!(error instanceof Refused) || (error.status !== 401 && error.status !== 403)) return
      room.stop()
      this.problem = 'ended'
      this.state = 'out'
    }
  }

  /** Told that this sign-in has ended. Another page of this browser may have signed in anew meanwhile: then it goes on. */
  async ended(): Promise<void> {
    if (this.state !== 'in') return
    try {
      await api.session()
      room.retry()
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500) {
        setTimeout(() => void this.ended(), RETRY_MS)
        return
      }
      room.stop()
      this.problem = 'ended'
      this.state = 'out'
    }
  }

  async #prove(proof: { code: string } | { key: string }, wrong: 'wrong' | 'link-wrong'): Promise<void> {
    try {
      await api.signIn(proof)
      await this.#enter()
    } catch (error) {
      this.#out(error, error instanceof Refused ? refusal(error, wrong) : wrong, () => this.#prove(proof, wrong))
    }
  }

  async #enter(): Promise<void> {
    const [city, parishes] = await Promise.all([api.city(), api.parishes()])
    room.city = city
    room.parishes = parishes
    room.onSignedOut = () => void this.doubt()
    room.onEnded = () => void this.ended()
    this.problem = 'none'
    this.state = 'in'
    room.start()
  }

  #out(error: unknown, refused: typeof this.problem, again: () => Promise<void>): void {
    if (error instanceof Refused && error.status < 500) {
      this.problem = refused
      this.state = 'out'
      return
    }
    this.problem = 'unreachable'
    setTimeout(() => void again(), RETRY_MS)
  }
}

function refusal({ status, problem }: Refused, wrong: 'wrong' | 'link-wrong'): Refusal {
  if (status === 429) return 'too-many'
  if (problem?.link === 'used') return 'link-used'
  return problem?.link === 'expired' ? 'link-expired' : wrong
}

export const session = new Session()
