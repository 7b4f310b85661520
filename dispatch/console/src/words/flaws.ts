/** What was wrong with a report, in words. The service tells it as `part: sentence`, the sentence in English or, where a
 * person has to act on it, in Spanish; here it is said in the language of the screen. What isn't known is shown as it is. */

import type { Language } from '../lib/time'
import { visible } from '../lib/visible'

type Said = [es: string, en: string]

const PARTS: Record<string, Said> = {
  id: ['identificador', 'id'],
  channel: ['canal', 'channel'],
  caller: ['quien llama', 'caller'],
  number: ['número', 'number'],
  name: ['nombre', 'name'],
  language: ['idioma', 'language'],
  nature: ['tipo de emergencia', 'nature'],
  text: ['texto', 'text'],
  link: ['enlace', 'link'],
  body: ['mensaje', 'message'],
  fixes: ['posición', 'position'],
  location: ['posición', 'position'],
  source: ['origen', 'source'],
  lat: ['latitud', 'latitude'],
  lon: ['longitud', 'longitude'],
  radius_m: ['precisión', 'accuracy'],
  confidence: ['confianza', 'confidence'],
  at: ['hora', 'time'],
  altitude_m: ['altitud', 'altitude'],
  cell: ['celda', 'cell'],
  parish_code: ['parroquia', 'parish'],
}

/** `$1` … stand for what the sentence says; the first that fits counts. */
const SENTENCES: [RegExp, string, string][] = [
  [/^unknown field, passed over(?:: (.*))?$/, 'campo desconocido: $1', 'unknown field: $1'],
  [/^(.*) is not in the catalogue, not used$/, '$1 no está en el catálogo', '$1 is not in the catalogue'],
  [/^(.*) is not in the catalogue, read as (.*)$/, '$1 no está en el catálogo, leído como $2', '$1 is not in the catalogue, read as $2'],
  [/^(.*) is no number, not used$/, '$1 no es un número y no se usa', '$1 is no number and not used'],
  [/^(.*) is a text, read as a number$/, '$1 vino como texto, leído como número', '$1 came as text, read as a number'],
  [/^(.*) is a text, read as such$/, '$1 vino como texto y se leyó así', '$1 came as text and was read so'],
  [/^(.*) is not between (.*) and (.*), position not used$/, '$1 no está entre $2 y $3; la posición no se usa', '$1 is not between $2 and $3; the position is not used'],
  [/^(.*) is not between (.*) and (.*), not used$/, '$1 no está entre $2 y $3 y no se usa', '$1 is not between $2 and $3 and not used'],
  [/^is (.*) ahead of now, the time of receipt taken$/, 'el reloj del teléfono va adelantado $1; se toma la hora de llegada', 'the clock of the telephone is $1 ahead; the time of receipt is taken'],
  [/^is (.*) weeks back \(a GPS week rollover\), these were added$/, 'el GPS va $1 semanas atrasado; se sumaron', 'its GPS is $1 weeks behind; they were added'],
  [/^is (.*) ago, the clock can't be right; time not used$/, 'dice hace $1: el reloj está mal y la hora no se usa', 'says $1 ago: the clock is wrong and the time not used'],
  [/^is the city's clock called UTC, read as the city's$/, 'hora local enviada como UTC; leída como local', 'local time sent as UTC; read as local'],
  [/^(.*) is in (.*) since 1970$/, 'en $2 desde 1970', 'in $2 since 1970'],
  [/^(.*) has no zone, the city's clock taken$/, '$1 sin zona horaria; se toma la de la ciudad', '$1 has no zone; the city’s is taken'],
  [/^(.*) is no time at which it can be, time not used$/, '$1 no es una hora posible y no se usa', '$1 is no possible time and not used'],
  [/^(.*) is no time, not used$/, '$1 no es una hora y no se usa', '$1 is no time and not used'],
  [/^an accuracy below 0 says that the position \((.*)\) is not valid, not used$/, 'el teléfono dice que la posición ($1) no es válida; no se usa', 'the telephone says that the position ($1) is not valid; not used'],
  [/^(.*) is no radius, the usual error of the source taken$/, '$1 no es un radio; se toma el error usual del origen', '$1 is no radius; the usual error of the source is taken'],
  [/^(.*) is none that we know, unknown taken$/, '$1 no se conoce; se toma «desconocido»', '$1 is not known; “unknown” is taken'],
  [/^(.*) is unknown, (.*) taken$/, '$1 no se conoce; se toma $2', '$1 is not known; $2 is taken'],
  [/^missing, (.*) taken$/, 'falta; se toma $1', 'missing; $1 is taken'],
  [/^tells no place, not used$/, 'no dice ningún lugar', 'tells no place'],
  [/^lat and lon only tell something together$/, 'falta la latitud o la longitud', 'latitude or longitude is missing'],
  [/^(.*) characters, cut to (.*)$/, '$1 caracteres, cortado a $2', '$1 characters, cut to $2'],
  [/^(.*) characters, at most (.*) are asked for$/, '$1 caracteres, más de $2', '$1 characters, more than $2'],
  [/^(.*) items, the best (.*) are used$/, '$1 posiciones; se usan las $2 mejores', '$1 positions; the best $2 are used'],
  [/^not an id made for this call, one was made$/, 'falta o no sirve; se hizo uno', 'missing or no use; one was made'],
  [/^(.*) is no UUID, one was made of it$/, '$1 no es un UUID; se hizo uno de él', '$1 is no UUID; one was made of it'],
  [/^this id was used before for another report$/, 'ya se usó para otro aviso', 'was used before for another report'],
  [/^not a number that can be called back$/, 'no es un número al que se pueda llamar', 'not a number that can be called back'],
  [/^not UTF-8, read as Windows-1252$/, 'no está en UTF-8; leído como Windows-1252', 'not UTF-8; read as Windows-1252'],
  [/^leído como (.*) \(primero la longitud\); confirme con quien llama$/, 'leído como $1 (primero la longitud); confirme con quien llama', 'read as $1 (longitude first); confirm with the caller'],
  [/^leído como (.*); confirme con quien llama$/, 'leído como $1; confirme con quien llama', 'read as $1; confirm with the caller'],
  [/^puede ser (.*); pregunte cuál$/, 'puede ser $1; pregunte cuál', 'may be $1; ask which'],
  [/^(.*) está lejos de (.*) y no se usa; pregunte dónde es$/, '$1 está lejos de $2 y no se usa; pregunte dónde es', '$1 is far from $2 and not used; ask where it is'],
  [/^(.*) está lejos de (.*); pregunte dónde es$/, '$1 está lejos de $2; pregunte dónde es', '$1 is far from $2; ask where it is'],
  [/^0, 0 es lo que envía un teléfono sin posición; no se usa$/, '0, 0 es lo que envía un teléfono sin posición; no se usa', '0, 0 is what a telephone without a position sends; not used'],
]

export function flawText(flaw: string, language: Language): string {
  const [part, sentence] = split(flaw)
  const index = language === 'es' ? 1 : 2
  const found = SENTENCES.find(([pattern]) => pattern.test(sentence))
  const said = found ? sentence.replace(found[0], found[index]) : sentence
  return visible(part === '' ? said : `${partText(part, language)}: ${said}`)
}

function split(flaw: string): [string, string] {
  const at = flaw.indexOf(': ')
  return at < 0 ? ['', flaw] : [flaw.slice(0, at), flaw.slice(at + 2)]
}

/** `fixes.0.lat` → `posición 1, latitud`. */
function partText(part: string, language: Language): string {
  const words: string[] = []
  for (const name of part.split('.')) {
    if (/^\d+$/.test(name) && words.length > 0) words[words.length - 1] += ` ${Number(name) + 1}`
    else words.push(PARTS[name]?.[language === 'es' ? 0 : 1] ?? name)
  }
  return words.join(', ')
}
