/** Times and numbers as they stand on the screen. A number and its unit are never parted by a line's end. */

export type Language = 'es' | 'en'

const locales: Record<Language, string> = { es: 'es-EC', en: 'en-GB' }
const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string, language: Language, options: Intl.DateTimeFormatOptions, name: string): Intl.DateTimeFormat {
  const key = `${zone} ${language} ${name}`
  let found = formats.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(locales[language], { timeZone: zone, ...options })
    formats.set(key, found)
  }
  return found
}

/** 16:12:47 in the city's zone. */
export function wallClock(at_ms: number, zone: string): string {
  return format(zone, 'en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }, 'clock').format(at_ms)
}

/** lun 23 nov */
export function wallDate(at_ms: number, zone: string, language: Language): string {
  const text = format(zone, language, { weekday: 'short', day: 'numeric', month: 'short' }, 'date').format(at_ms)
  return text.replace(/[.,]/g, '')
}

/** 0:41, 12:05, 1:02:03; never negative, for two clocks seldom agree. */
export function elapsed(ms: number): string {
  const total_s = Math.max(0, Math.floor(ms / 1000))
  const s = String(total_s % 60).padStart(2, '0')
  const minutes = Math.floor(total_s / 60)
  if (minutes < 60) return `${minutes}:${s}`
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${s}`
}

export function number(value: number, language: Language, digits = 0): string {
  return value.toLocaleString(locales[language], { maximumFractionDigits: digits, minimumFractionDigits: digits })
}

/** 620 m, 1,9 km. Rounded up: an uncertainty must not look smaller than it is. */
export function metres(value: number, language: Language): string {
  if (value < 1000) return `${number(Math.ceil(value), language)}\u00a0m`
  return `${number(Math.ceil(value / 100) / 10, language, value < 10_000 ? 1 : 0)}\u00a0km`
}

/** 58 %; what is there but rounds to nothing is <1 %, and what isn't certain is never 100 %. */
export function percent(share: number, language: Language): string {
  const value = Math.round(share * 100)
  const text = value === 0 && share > 0 ? '<1' : value === 100 && share < 0.9995 ? '>99' : String(value)
  return language === 'es' ? `${text}\u00a0%` : `${text}%`
}

/** An age in words short enough for a row: 12 s, 3 min, 2 h. */
export function age(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 100) return `${s}\u00a0s`
  if (s < 5400) return `${Math.round(s / 60)}\u00a0min`
  return `${Math.round(s / 3600)}\u00a0h`
}
