// Standard input is the document. Prints what the parser of the AsyncAPI Initiative has to say against it, as JSON.
import { Parser } from '@asyncapi/parser'
import { readFileSync } from 'node:fs'

const { document, diagnostics } = await new Parser().parse(readFileSync(0, 'utf8'))
// There is always a newer version: which one it is, the document says.
const against = diagnostics.filter((found) => found.code !== 'asyncapi-latest-version')
console.log(JSON.stringify({ valid: document !== undefined, against }))
