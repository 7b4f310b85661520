import { describe, expect, it } from 'vitest'
import { visible } from '../src/lib/visible'
import { flawText } from '../src/words/flaws'

describe('flaws in words', () => {
  it.each([
    ["nature: 'fire_v1' is not in the catalogue, not used", "tipo de emergencia: 'fire_v1' no está en el catálogo", "nature: 'fire_v1' is not in the catalogue"],
    ['fixes.1.lat: 999 is not between -90 and 90, position not used', 'posición 2, latitud: 999 no está entre -90 y 90; la posición no se usa', 'position 2, latitude: 999 is not between -90 and 90; the position is not used'],
    ['fixes.0: leído como -0.3, -78.55 (primero la longitud); confirme con quien llama', 'posición 1: leído como -0.3, -78.55 (primero la longitud); confirme con quien llama', 'position 1: read as -0.3, -78.55 (longitude first); confirm with the caller'],
    ['fixes.0.at: is 2 hours ahead of now, the time of receipt taken', 'posición 1, hora: el reloj del teléfono va adelantado 2 hours; se toma la hora de llegada', 'position 1, time: the clock of the telephone is 2 hours ahead; the time of receipt is taken'],
    ['Circle.radius: something new', 'Circle, radius: something new', 'Circle, radius: something new'],
  ])('tells %s', (flaw, es, en) => {
    expect(flawText(flaw, 'es')).toBe(es)
    expect(flawText(flaw, 'en')).toBe(en)
  })
})

describe('texts of citizens', () => {
  it.each([
    ['calle \u202e21-4N', 'calle ⟦U+202E⟧21-4N'],
    ['a\u2066b\u2069\u200f', 'a⟦U+2066⟧b⟦U+2069⟧⟦U+200F⟧'],
    ['a\u0000\u001b[2Jb', 'a⟦U+0000⟧⟦U+001B⟧[2Jb'],
    ['\u{e0041}', '⟦U+E0041⟧'],
    ['ñandú 🔥 👨‍👩‍👧 عربي\n\tfin', 'ñandú 🔥 👨‍👩‍👧 عربي\n\tfin'],
  ])('makes what is hidden in %j visible', (text, shown) => expect(visible(text)).toBe(shown))
})
