// Starts the design systems' components and our own. Every page works without it.
import * as govuk from './govuk-frontend.min.js'
import * as moj from './moj-frontend.min.js'
import { startComposer, startHandingIn } from './composer.js'
import { startPasskeys } from './passkeys.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
govuk.initAll()
moj.initAll()
startComposer()
startHandingIn()
startPasskeys()

// Filling in what belongs to a choice makes the choice.
for (const part of document.querySelectorAll('[data-chooses]')) {
  part.addEventListener('input', () => { document.getElementById(part.dataset.chooses).checked = true })
}
