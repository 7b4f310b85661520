/** The language of this screen, remembered by the browser. */

import type { Language } from '../lib/time'
import { en } from './en'
import { es, type Words } from './es'

const KEPT = 'dispatch.language'
const words: Record<Language, Words> = { es, en }

class Tongue {
  language = $state<Language>(localStorage.getItem(KEPT) === 'en' ? 'en' : 'es')
  readonly w = $derived(words[this.language])

  speak(language: Language): void {
    this.language = language
    localStorage.setItem(KEPT, language)
    document.documentElement.lang = language
  }

  /** The name of something that the city's data names in both languages. */
  name(thing: { es: string; en: string } | undefined, otherwise: string): string {
    return thing?.[this.language] ?? otherwise
  }
}

export const tongue = new Tongue()
