/** A citizen's text with the signs that change how others are shown, or that nobody sees, made visible: a bidirectional
 * override can turn an address round, a control character can hide it. */

// Control characters but tab and line feed; bidirectional marks, embeddings, overrides and isolates; separators; blanks
// without width but the joiners, which emoji and Persian need; tags.
const HIDDEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

export function visible(text: string): string {
  return text.replace(HIDDEN, (sign) => `⟦U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`)
}
