// What the composer does beyond forms: saves when the page is left, takes pictures at once, finds in the list of accounts.

export function startComposer () {
  const form = document.querySelector('form[data-autosave]')
  if (!form) return
  saveWhenLeaving(form)
  addPicturesAtOnce(form)
  document.querySelectorAll('[data-filter-for]').forEach(filterList)
}

function saveWhenLeaving (form) {
  let changed = false
  let submitting = false
  form.addEventListener('input', () => { changed = true })
  form.addEventListener('submit', () => { submitting = true })
  form.addEventListener('htmx:afterRequest', (event) => { if (event.detail.successful) changed = false })
  window.addEventListener('pagehide', () => {
    if (!changed || submitting) return
    const data = new FormData(form)
    data.delete('files')
    navigator.sendBeacon(form.dataset.autosave, new URLSearchParams(data))
  })
}

function addPicturesAtOnce (form) {
  const files = form.querySelector('#files')
  const button = form.querySelector('button[value="add-picture"]')
  files.addEventListener('change', () => { if (files.files.length) form.requestSubmit(button) })
}

function filterList (line) {
  const list = document.getElementById(line.dataset.filterFor)
  const input = line.querySelector('input')
  const said = line.querySelector('[data-filter-count]')
  line.hidden = false
  input.addEventListener('input', (event) => {
    const wanted = input.value.trim().toLowerCase().split(/\s+/)
    let shown = 0
    for (const item of list.children) {
      item.hidden = !wanted.every((word) => item.dataset.words.includes(word))
      shown += item.hidden ? 0 : 1
    }
    said.textContent = input.value ? `${shown} of ${list.children.length} shown` : ''
    event.stopPropagation() // typing here is not typing into the post
  })
}
