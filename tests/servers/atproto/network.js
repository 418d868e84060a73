// Starts a PLC directory and a personal data server on loopback, prints their addresses as one line of JSON, and ends
// when its standard input closes, so that it never outlives the tests.
import net from 'node:net'

// The packages listen on every interface; nothing of a test may be reached from outside.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...args) {
  if (typeof args[0] === 'object' && args[0] !== null) return listen.call(this, { ...args[0], host: '127.0.0.1' }, ...args.slice(1))
  const callback = args.find((arg) => typeof arg === 'function')
  return listen.call(this, { port: Number(args[0] ?? 0), host: '127.0.0.1' }, callback)
}

const { TestNetworkNoAppView } = await import('@atproto/dev-env')
const network = await TestNetworkNoAppView.create({ pds: { rateLimitsEnabled: true } })
console.log(JSON.stringify({ plc: `http://127.0.0.1:${network.plc.port}`, pds: `http://127.0.0.1:${network.pds.port}` }))

process.stdin.resume()
process.stdin.on('end', () => process.exit(0))
