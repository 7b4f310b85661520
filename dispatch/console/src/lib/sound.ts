/** The sound of a new priority 1: two short rising tones, made here, nothing loaded. */

let context: AudioContext | null = null

export function chime(): void {
  try {
    context ??= new AudioContext()
    // Browsers keep a page silent until a person has touched it once.
    void context.resume()
    tone(context, 660, 0)
    tone(context, 880, 0.18)
  } catch {
    // A machine without sound still has the outline and the announcement.
  }
}

function tone(audio: AudioContext, hertz: number, after_s: number): void {
  const start = audio.currentTime + after_s
  const oscillator = audio.createOscillator()
  const volume = audio.createGain()
  oscillator.type = 'sine'
  oscillator.frequency.value = hertz
  volume.gain.setValueAtTime(0, start)
  volume.gain.linearRampToValueAtTime(0.22, start + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.001, start + 0.32)
  oscillator.connect(volume).connect(audio.destination)
  oscillator.start(start)
  oscillator.stop(start + 0.34)
}
