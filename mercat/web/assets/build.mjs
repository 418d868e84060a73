// Builds mercat/web/static/built: one style sheet, the scripts, and the icons that the style sheet names.
// Run from the project's folder by `make assets`. The folder is replaced as a whole, or not at all.
import { cpSync, mkdirSync, readdirSync, rmSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as sass from 'sass'

const source = 'mercat/web/assets'
const target = 'mercat/web/static/built'
const partial = `${target}.partial`
const packages = 'node_modules'
const copies = {
  'govuk-frontend.min.js': `${packages}/govuk-frontend/dist/govuk/govuk-frontend.min.js`,
  'moj-frontend.min.js': `${packages}/@ministryofjustice/frontend/moj/moj-frontend.min.js`,
  'htmx.min.js': `${packages}/htmx.org/dist/htmx.min.js`
}
const icons = `${packages}/@ministryofjustice/frontend/moj/assets/images`

rmSync(partial, { recursive: true, force: true })
mkdirSync(join(partial, 'images'), { recursive: true })

const style = sass.compile(join(source, 'mercat.scss'), {
  loadPaths: ['.'],
  style: 'compressed',
  quietDeps: true,
  logger: { warn: (message, { stack }) => stack?.startsWith(packages) || console.warn(message) }
})
writeFileSync(join(partial, 'mercat.css'), style.css)

for (const [name, from] of Object.entries(copies)) cpSync(from, join(partial, name))
cpSync(join(source, 'scripts'), partial, { recursive: true })
for (const name of readdirSync(icons).filter((name) => /^icon-.*\.svg$/.test(name))) {
  cpSync(join(icons, name), join(partial, 'images', name))
}

rmSync(target, { recursive: true, force: true })
renameSync(partial, target)
