// A game server in Node.js on @grpc/grpc-js, as the tutorial of the vendor writes one.
//
// It loads the two files of `proto/` when it starts, binds fixed ports (`0.0.0.0:7000` for callbacks, 2000 for players,
// unless the fleet's parameters say others), and answers `{}`. ActivateGameServerSession is called inside
// OnStartGameServerSession and answered before that is, or after it where the session's property `activate` is `late`;
// ProcessEnding is called inside OnProcessTerminate.
//
// Players speak lines over TCP: JOIN <PlayerSessionId>, SAY <text>, LIST, DOOR <policy>, STATUS, LEAVE, END.
'use strict'

const { randomUUID } = require('node:crypto')
const net = require('node:net')
const path = require('node:path')
const readline = require('node:readline')

const grpc = require('@grpc/grpc-js')
const protoLoader = require('@grpc/proto-loader')

const [grpcPort = 7000, clientPort = 2000] = process.argv.slice(2).map(Number)
const DEADLINE_MS = 10_000
const LATE_MS = 300

function load (file) {
  const definition = protoLoader.loadSync(file, {
    includeDirs: [path.join(__dirname, 'proto')], keepCase: true, longs: Number, defaults: true
  })
  return grpc.loadPackageDefinition(definition).tencentcloud.gse.grpcsdk
}

const { GseGrpcSdkService } = load('GseGrpcSdkService.proto')
const { GameServerGrpcSdkService } = load('GameServerGrpcSdkService.proto')

// Everybody who follows the tutorials has this address in the code; the variable is an extra of OpenGSE.
const agent = new GseGrpcSdkService(
  process.env.GSE_AGENT_ADDRESS ?? '127.0.0.1:5758', grpc.credentials.createInsecure()
)

// One of the nine active calls. The library writes `requestId` in lower case on the wire.
function call (name, request) {
  const metadata = new grpc.Metadata()
  metadata.add('pid', String(process.pid))
  metadata.add('requestId', randomUUID())
  return new Promise((resolve, reject) => {
    agent[name](request, metadata, { deadline: Date.now() + DEADLINE_MS }, (error, answer) => {
      if (error) reject(error)
      else resolve(answer)
    })
  })
}

let session = null
let players = new Set()
let healthChecks = 0
let sessionsHosted = 0

const callbacks = {
  onHealthCheck (_, callback) {
    healthChecks += 1
    callback(null, { healthStatus: true })
  },
  async onStartGameServerSession ({ request }, callback) {
    session = request.gameServerSession
    players = new Set()
    sessionsHosted += 1
    console.log(`OnStartGameServerSession ${session.gameServerSessionId}`)
    const { gameServerSessionId, maxPlayers, gameProperties } = session
    const activate = () => call('ActivateGameServerSession', { gameServerSessionId, maxPlayers })
    if (gameProperties.some(({ key, value }) => key === 'activate' && value === 'late')) {
      // As the tutorial has it: the answer first, the activation later and from elsewhere.
      callback(null, {})
      setTimeout(() => activate().catch(error => console.error(error)), LATE_MS)
      return
    }
    try {
      await activate()
      callback(null, {})
    } catch (error) {
      callback(error)
    }
  },
  async onProcessTerminate ({ request }, callback) {
    console.log(`OnProcessTerminate until ${request.terminationTime}`)
    try {
      if (session) {
        await call('TerminateGameServerSession', { gameServerSessionId: session.gameServerSessionId })
        session = null
      }
      await call('ProcessEnding', {})
      callback(null, {})
    } catch (error) {
      callback(error)
    }
    // The answer goes out before the process does.
    server.tryShutdown(() => process.exit(0))
  }
}

async function count (current) {
  players = current
  await call('ReportCustomData', { currentCustomCount: current.size, maxCustomCount: session.maxPlayers })
}

async function answer (player, command, rest) {
  if (command === 'STATUS') {
    return 'STATUS ' + JSON.stringify({
      stack: `Node.js ${process.versions.node}, @grpc/grpc-js ${require('@grpc/grpc-js/package.json').version}`,
      pid: process.pid,
      healthChecks,
      sessionsHosted,
      name: session?.name ?? '',
      properties: Object.fromEntries((session?.gameProperties ?? []).map(({ key, value }) => [key, value]))
    })
  }
  if (!session) return 'REFUSED no session'
  const { gameServerSessionId } = session
  switch (command) {
    case 'JOIN':
      await call('AcceptPlayerSession', { gameServerSessionId, playerSessionId: rest })
      player.ticket = rest
      await count(new Set(players).add(rest))
      return `WELCOME ${players.size}`
    case 'LIST': {
      const { playerSessions } = await call('DescribePlayerSessions', { gameServerSessionId, limit: 10 })
      return 'LIST ' + playerSessions.map(({ playerId, status }) => `${playerId}=${status}`).join(' ')
    }
    case 'DOOR':
      await call('UpdatePlayerSessionCreationPolicy', { gameServerSessionId, newPlayerSessionCreationPolicy: rest })
      return `DOOR ${rest}`
  }
  if (!player.ticket) return 'REFUSED join first'
  switch (command) {
    case 'SAY':
      return `HEARD ${rest}`
    case 'LEAVE': {
      await call('RemovePlayerSession', { gameServerSessionId, playerSessionId: player.ticket })
      const others = new Set(players)
      others.delete(player.ticket)
      await count(others)
      player.ticket = null
      return 'BYE'
    }
    case 'END':
      await call('TerminateGameServerSession', { gameServerSessionId })
      session = null
      return 'ENDED'
    default:
      return `REFUSED unknown command ${command}`
  }
}

const listener = net.createServer(async socket => {
  socket.on('error', () => socket.destroy())
  const player = { ticket: null }
  for await (const line of readline.createInterface({ input: socket })) {
    const [, command, rest] = /^(\S*) ?(.*)$/.exec(line)
    const said = await answer(player, command, rest)
      .catch(error => `REFUSED ${grpc.status[error.code]} ${error.details}`)
    socket.write(`${said}\n`)
  }
})

const server = new grpc.Server()
server.addService(GameServerGrpcSdkService.service, callbacks)
server.bindAsync(`0.0.0.0:${grpcPort}`, grpc.ServerCredentials.createInsecure(), error => {
  if (error) throw error
  listener.listen(clientPort, '0.0.0.0', async () => {
    await call('ProcessReady', { logPathsToUpload: ['./logs'], clientPort, grpcPort })
    console.log(`ready: players on ${clientPort}, callbacks on ${grpcPort}`)
  })
})
