// What the composer does beyond forms: waits for a save under way, says when one fails, saves when the page is left, takes
// pictures at once, finds in the list of accounts.

export function startComposer () {
  const form = document.querySelector('form[data-autosave]')
  if (!form) return
  keepInOrder(form)
  sayWhatIsNotSaved(form)
  addPicturesAtOnce(form)
  document.querySelectorAll('[data-filter-for]').forEach(filterList)
}

// One save at a time: a button's save waits for one that is under way by itself, and ends all further ones. A save that
// arrived late would put older words in place of newer ones.
function keepInOrder (form) {
  let changed = false
  let saving = false
  let submitting = false
  let waiting = null

  form.addEventListener('input', () => { changed = true })
  form.addEventListener('htmx:beforeRequest', (event) => {
    if (submitting) return event.preventDefault()
    saving = true
    changed = false
  })
  form.addEventListener('htmx:afterRequest', (event) => {
    saving = false
    if (!event.detail.successful) changed = true
    if (waiting) form.requestSubmit(waiting)
  })
  form.addEventListener('submit', (event) => {
    submitting = true
    if (!saving) return
    event.preventDefault()
    waiting = event.submitter
  })
  window.addEventListener('pageshow', (event) => { if (event.persisted) window.location.reload() })
  window.addEventListener('pagehide', () => { if (changed && !submitting) sendLastWords(form) })
}

// Said once, and stands until a save succeeds: that puts its own words in their place.
function sayWhatIsNotSaved (form) {
  const saved = document.getElementById('saved')
  const say = (why) => {
    if (saved.querySelector('[role=alert]')) return
    const said = document.createElement('span')
    said.id = 'saved-words'
    said.className = 'mercat-not-saved'
    said.setAttribute('role', 'alert')
    said.textContent = `Not saved. ${why} What you typed is still here. Your next change tries again, or choose “Save draft”.`
    saved.replaceChildren(said)
  }
  form.addEventListener('htmx:sendError', () => say('The server did not answer.'))
  form.addEventListener('htmx:responseError', () => say('The server could not save it.'))
}

function sendLastWords (form) {
  const data = new FormData(form)
  data.delete('files')
  navigator.sendBeacon(form.dataset.autosave, new URLSearchParams(data))
}

function addPicturesAtOnce (form) {
  const files = form.querySelector('#files')
  const button = form.querySelector('button[value="add-picture"]')
  files.addEventListener('change', (event) => {
    event.stopPropagation() // the whole form is saved with them
    if (files.files.length) form.requestSubmit(button)
  })
  files.addEventListener('input', (event) => event.stopPropagation())
}

function filterList (line) {
  const list = document.getElementById(line.dataset.filterFor)
  const input = line.querySelector('input')
  const said = line.querySelector('[data-filter-count]')
  line.hidden = false
  input.addEventListener('input', (event) => {
    event.stopPropagation() // typing here is not typing into the post
    const wanted = input.value.trim().toLowerCase().split(/\s+/)
    let shown = 0
    for (const item of list.children) {
      item.hidden = !wanted.every((word) => item.dataset.words.includes(word))
      shown += item.hidden ? 0 : 1
    }
    said.textContent = input.value ? `${shown} of ${list.children.length} shown` : ''
  })
}
