import { room } from '../state/room.svelte'
import type { Teller } from './tell'
import { tongue } from './words.svelte'

class LiveTeller implements Teller {
  get w() {
    return tongue.w
  }
  get language() {
    return tongue.language
  }
  get city() {
    return room.city
  }
}

/** The teller in this screen's language and city; reading it in a component keeps the component up to date. */
export const teller = new LiveTeller()
