// An OpenID Connect provider for tests. Whoever signs in types the claims themselves: base64url of their JSON.
// Writes {"issuer": …} when it listens, and ends when its input does.
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'

const [redirect, secret] = process.argv.slice(2)
const claimsOf = (id) => JSON.parse(Buffer.from(id, 'base64url').toString())
const server = createServer()
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'mercat',
      client_secret: secret,
      redirect_uris: [redirect],
      token_endpoint_auth_method: 'client_secret_post',
      subject_type: 'pairwise'
    }],
    cookies: { keys: ['a key for tests'] },
    claims: { openid: ['sub', 'employee_number', 'groups', 'managed'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    // Who it is stays the same, whatever else is claimed of them.
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_, id) => {
      const said = claimsOf(id)
      return String(said.sub ?? said.employee_number ?? said.email ?? 'nobody')
    },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...claimsOf(id) })
    }),
    async loadExistingGrant (ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId
      })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    }
  })
  server.on('request', provider.callback())
  console.log(JSON.stringify({ issuer }))
})
process.stdin.on('end', () => process.exit(0)).resume()
