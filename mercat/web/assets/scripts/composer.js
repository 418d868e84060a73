// What the composer does beyond forms: waits for a save under way, says when one fails, saves when the page is left, takes
// pictures at once and videos slice by slice, finds in the list of accounts.

export function startComposer () {
  const form = document.querySelector('form[data-autosave]')
  if (!form) return
  keepInOrder(form)
  sayWhatIsNotSaved(form)
  addAtOnce(form, '#files', 'add-picture')
  addAtOnce(form, '#captions-file', 'add-captions')
  bringVideo(form)
  document.querySelectorAll('[data-filter-for]').forEach(filterList)
}

// The page to hand pictures or a video in, which keeps nothing until it is sent: pictures at once, a video slice by slice.
export function startHandingIn () {
  const form = document.querySelector('form[data-hand-in]')
  if (!form) return
  form.addEventListener('submit', (event) => { if (form.dataset.uploading) event.preventDefault() })
  addAtOnce(form, '#files', 'add-picture')
  bringVideo(form)
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
    if (event.detail.elt !== form) return
    if (submitting) return event.preventDefault()
    saving = true
    changed = false
  })
  form.addEventListener('htmx:afterRequest', (event) => {
    if (event.detail.elt !== form) return
    saving = false
    if (!event.detail.successful) changed = true
    if (waiting) form.requestSubmit(waiting)
  })
  form.addEventListener('submit', (event) => {
    if (form.dataset.uploading) return event.preventDefault()
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
  const ofTheForm = (why) => (event) => { if (event.detail.elt === form) say(why) }
  form.addEventListener('htmx:sendError', ofTheForm('The server did not answer.'))
  form.addEventListener('htmx:responseError', ofTheForm('The server could not save it.'))
}

function sendLastWords (form) {
  const data = new FormData(form)
  for (const name of ['files', 'film', 'captions-file']) data.delete(name)
  navigator.sendBeacon(form.dataset.autosave, new URLSearchParams(data))
}

function addAtOnce (form, chooser, value) {
  const files = form.querySelector(chooser)
  const button = form.querySelector(`button[value="${value}"]`)
  if (!files) return
  files.addEventListener('change', (event) => {
    event.stopPropagation() // the whole form is saved with them
    if (!files.files.length) return
    const reading = document.getElementById('reading')
    if (reading) reading.hidden = ![...files.files].some((file) => file.type === 'application/pdf')
    form.requestSubmit(button)
  })
  files.addEventListener('input', (event) => event.stopPropagation())
}

// A video is larger than one request should be: it goes up in slices, each of which is tried a few times, and then the
// form is sent with its name in place of the file.
function bringVideo (form) {
  const chooser = form.querySelector('#film')
  if (!chooser) return
  const button = form.querySelector('button[value="add-film"]')
  const said = document.getElementById('uploading')
  const tell = (words, part) => {
    said.hidden = false
    said.className = part === null ? 'govuk-error-message' : 'govuk-body mercat-uploading'
    said.querySelector('span').textContent = words
    said.querySelector('progress').value = part
    said.querySelector('progress').hidden = part === null
  }
  window.addEventListener('beforeunload', (event) => { if (form.dataset.uploading) event.preventDefault() })
  form.addEventListener('submit', () => { if (form.dataset.uploading) said.scrollIntoView({ block: 'center' }) })
  chooser.addEventListener('input', (event) => event.stopPropagation())
  chooser.addEventListener('change', async (event) => {
    event.stopPropagation()
    const file = chooser.files[0]
    if (!file) return
    chooser.disabled = button.disabled = true
    form.dataset.uploading = file.name
    try {
      const video = await upload(form, file, (part) => tell(`Uploading “${file.name}”. Stay on this page${form.dataset.autosave ? '; what you write is saved as always' : ''}.`, part))
      form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'video', value: video }))
      button.disabled = false
      delete form.dataset.uploading
      form.requestSubmit(button)
    } catch (error) {
      delete form.dataset.uploading
      chooser.value = ''
      chooser.disabled = button.disabled = false
      tell(`“${file.name}” was not added. ${error.message}`, null)
    }
  })
}

async function upload (form, file, progress) {
  progress(0)
  const begun = await asked(form, form.dataset.videos, new URLSearchParams({ name: file.name, size: file.size }))
  const slices = Math.ceil(file.size / begun.slice)
  for (let number = 0; number < slices; number++) {
    const data = file.slice(number * begun.slice, (number + 1) * begun.slice)
    await asked(form, `${form.dataset.videos}${begun.video}/${number}/`, data)
    progress(Math.floor(100 * (number + 1) / slices))
  }
  return begun.video
}

// The answer; a line that breaks is tried again after 1, 2, 4 and 8 seconds.
async function asked (form, url, body, attempt = 0) {
  const headers = { 'X-CSRFToken': form.elements.csrfmiddlewaretoken.value }
  if (body instanceof Blob) headers['Content-Type'] = 'application/octet-stream'
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' }).catch(() => null)
  if (response && response.status < 500) { // a redirect, of status 0, leads to the page to sign in
    const answer = await response.json().catch(() => ({}))
    if (response.ok) return answer
    throw new Error(answer.refused || `You may have been signed out. ${form.dataset.autosave ? 'Save your draft' : 'Sign in'}, then choose it again.`)
  }
  if (attempt === 4) throw new Error('The server did not answer. Choose it again when the line is better.')
  await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** attempt))
  return asked(form, url, body, attempt + 1)
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
