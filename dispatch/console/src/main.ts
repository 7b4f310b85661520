import '@fontsource-variable/inter/wght.css'
import './app.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { tongue } from './words/words.svelte'

document.documentElement.lang = tongue.language
const target = document.getElementById('app')
if (!target) throw new Error('the page has no #app')
mount(App, { target })
