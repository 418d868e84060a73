// Passkeys: asks the browser for one, and sends its answer with the form that the button stands in.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (each) => each.charCodeAt(0))
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')

export function startPasskeys () {
  if (!window.PublicKeyCredential) return
  for (const part of document.querySelectorAll('[data-passkey-part]')) part.hidden = false
  for (const button of document.querySelectorAll('[data-passkey]')) {
    button.addEventListener('click', (event) => {
      event.preventDefault()
      answer(button).catch((error) => tell(button, error))
    })
  }
}

async function answer (button) {
  const asked = await fetch(button.dataset.ask, { headers: { Accept: 'application/json' } })
  const options = await asked.json()
  if (!asked.ok) throw new Error(options.problem)
  const credential = button.dataset.passkey === 'make'
    ? await navigator.credentials.create({ publicKey: toMake(options.publicKey) })
    : await navigator.credentials.get({ publicKey: toShow(options.publicKey) })
  button.form.elements[button.dataset.field || 'passkey'].value = JSON.stringify(plain(credential))
  button.form.submit()
}

function toMake (asked) {
  return {
    ...asked,
    challenge: bytes(asked.challenge),
    user: { ...asked.user, id: bytes(asked.user.id) },
    excludeCredentials: withBytes(asked.excludeCredentials)
  }
}

function toShow (asked) {
  return { ...asked, challenge: bytes(asked.challenge), allowCredentials: withBytes(asked.allowCredentials) }
}

function withBytes (credentials) {
  return (credentials || []).map((each) => ({ ...each, id: bytes(each.id) }))
}

function plain (credential) {
  const response = {}
  for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (credential.response[name]) response[name] = text(credential.response[name])
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults()
  }
}

function tell (button, error) {
  const place = button.form.querySelector('[data-passkey-problem]')
  place.textContent = error.name === 'NotAllowedError' || !error.message
    ? 'No passkey was given, or it took too long. Try again.'
    : `This did not work: ${error.message}`
  place.hidden = false
}
