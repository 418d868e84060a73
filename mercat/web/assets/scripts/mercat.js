// Starts the design systems' components and our own. Every page works without it.
import * as govuk from './govuk-frontend.min.js'
import * as moj from './moj-frontend.min.js'
import { startComposer } from './composer.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
govuk.initAll()
moj.initAll()
startComposer()
