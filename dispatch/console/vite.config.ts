import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The page's Content-Security-Policy knows no data: fonts and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // MapLibre is one library of about 1 MB in a chunk of its own; so is the reference page of the API (1.5 MB).
    chunkSizeWarningLimit: 1600,
    rolldownOptions: {
      input: ['index.html', 'docs.html'],
      output: { codeSplitting: { groups: [{ name: 'maplibre', test: /node_modules[\\/](maplibre-gl|@maplibre|@mapbox)/ }] } },
    },
  },
  server: {
    proxy: { '/v1': { target: process.env['DISPATCH_URL'] ?? 'http://127.0.0.1:8000', ws: true } },
  },
})
