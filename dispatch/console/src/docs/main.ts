// The contract, readable and to try out: served by ourselves, for the page may load nothing foreign.
import 'swagger-ui-dist/swagger-ui.css'
import SwaggerUi from 'swagger-ui-dist/swagger-ui-es-bundle.js'

SwaggerUi({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, tryItOutEnabled: true })
