"""A game server in Python on gRPC's C core, as the tutorials of the vendor write one.

It knows the two files of `proto/` and nothing of OpenGSE: both ports are bound to 0 and announced as the system chose
them, every call carries `pid` and `requestid`, ActivateGameServerSession is called inside OnStartGameServerSession and
answered before that returns, or after it where the session's property `activate` is `late`; ProcessEnding is called
inside OnProcessTerminate.

Players speak lines over TCP: JOIN <PlayerSessionId>, SAY <text>, LIST, DOOR <policy>, STATUS, LEAVE, END. The others hear
SAID <text>, which only the stories of `tests/interop/clients` listen to.
"""

import json
import os
import platform
import socketserver
import sys
import threading
import uuid
from concurrent import futures

import grpc

import GameServerGrpcSdkService_pb2 as game
import GameServerGrpcSdkService_pb2_grpc as game_grpc
import GseGrpcSdkService_pb2 as gse
import GseGrpcSdkService_pb2_grpc as gse_grpc

DEADLINE_SECONDS = 10
LATE_SECONDS = 0.3
HIGHEST_PORT = 60000


def log(text):
    print(text, flush=True)


class Agent:
    """The nine active calls, each with the metadata that says who calls."""

    def __init__(self, address):
        self.stub = gse_grpc.GseGrpcSdkServiceStub(grpc.insecure_channel(address))

    def call(self, name, request):
        # C core refuses upper case in keys, so working servers of the vendor's tutorials send `requestid`.
        metadata = (("pid", str(os.getpid())), ("requestid", str(uuid.uuid4())))
        return getattr(self.stub, name)(request, metadata=metadata, timeout=DEADLINE_SECONDS)


class Match:
    """The one session that this process hosts at a time, and who plays in it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.session = None
        self.players = set()
        self.listeners = set()
        self.health_checks = 0
        self.sessions_hosted = 0


class Callbacks(game_grpc.GameServerGrpcSdkServiceServicer):
    """What the agent asks of this process."""

    def __init__(self, agent, match, over):
        self.agent, self.match, self.over = agent, match, over

    def OnHealthCheck(self, request, context):
        with self.match.lock:
            self.match.health_checks += 1
        return game.HealthCheckResponse(healthStatus=True)

    def OnStartGameServerSession(self, request, context):
        session = request.gameServerSession
        log(f"OnStartGameServerSession {session.gameServerSessionId}")
        with self.match.lock:
            self.match.session = session
            self.match.players = set()
            self.match.sessions_hosted += 1
        activate = gse.ActivateGameServerSessionRequest(
            gameServerSessionId=session.gameServerSessionId, maxPlayers=session.maxPlayers
        )
        if any(p.key == "activate" and p.value == "late" for p in session.gameProperties):
            threading.Timer(LATE_SECONDS, self.agent.call, ["ActivateGameServerSession", activate]).start()
        else:
            self.agent.call("ActivateGameServerSession", activate)
        return gse.GseResponse()

    def OnProcessTerminate(self, request, context):
        log(f"OnProcessTerminate until {request.terminationTime}")
        with self.match.lock:
            session, self.match.session = self.match.session, None
        if session is not None:
            end = gse.TerminateGameServerSessionRequest(gameServerSessionId=session.gameServerSessionId)
            self.agent.call("TerminateGameServerSession", end)
        self.agent.call("ProcessEnding", gse.ProcessEndingRequest())
        self.over.set()
        return gse.GseResponse()


class Player(socketserver.StreamRequestHandler):
    """One connection of a player."""

    def handle(self):
        self.ticket = None
        try:
            self.converse()
        finally:
            with self.server.match.lock:
                self.server.match.listeners.discard(self)

    def converse(self):
        for raw in self.rfile:
            command, _, rest = raw.decode("utf-8").strip().partition(" ")
            try:
                answer = self.answer(command, rest)
            except grpc.RpcError as error:
                answer = f"REFUSED {error.code().name} {error.details()}"
            self.wfile.write(f"{answer}\n".encode("utf-8"))

    def answer(self, command, rest):
        match, agent = self.server.match, self.server.agent
        if command == "STATUS":
            return "STATUS " + json.dumps(self.status())
        with match.lock:
            session = match.session
        if session is None:
            return "REFUSED no session"
        ids = {"gameServerSessionId": session.gameServerSessionId}
        if command == "JOIN":
            agent.call("AcceptPlayerSession", gse.AcceptPlayerSessionRequest(playerSessionId=rest, **ids))
            self.ticket = rest
            with match.lock:
                match.listeners.add(self)
            self.count(players := match.players | {rest}, session)
            return f"WELCOME {len(players)}"
        if command == "LIST":
            listed = agent.call("DescribePlayerSessions", gse.DescribePlayerSessionsRequest(limit=10, **ids))
            return "LIST " + " ".join(f"{p.playerId}={p.status}" for p in listed.playerSessions)
        if command == "DOOR":
            door = gse.UpdatePlayerSessionCreationPolicyRequest(newPlayerSessionCreationPolicy=rest, **ids)
            agent.call("UpdatePlayerSessionCreationPolicy", door)
            return f"DOOR {rest}"
        if self.ticket is None:
            return "REFUSED join first"
        if command == "SAY":
            with match.lock:
                others = match.listeners - {self}
            for other in others:
                other.wfile.write(f"SAID {rest}\n".encode("utf-8"))
            return f"HEARD {rest}"
        if command == "LEAVE":
            agent.call("RemovePlayerSession", gse.RemovePlayerSessionRequest(playerSessionId=self.ticket, **ids))
            self.count(match.players - {self.ticket}, session)
            self.ticket = None
            return "BYE"
        if command == "END":
            agent.call("TerminateGameServerSession", gse.TerminateGameServerSessionRequest(**ids))
            with match.lock:
                match.session = None
            return "ENDED"
        return f"REFUSED unknown command {command}"

    def count(self, players, session):
        with self.server.match.lock:
            self.server.match.players = players
        report = gse.ReportCustomDataRequest(currentCustomCount=len(players), maxCustomCount=session.maxPlayers)
        self.server.agent.call("ReportCustomData", report)

    def status(self):
        match = self.server.match
        with match.lock:
            session = match.session
            return {
                "stack": f"Python {platform.python_version()}, grpcio {grpc.__version__}",
                "pid": os.getpid(),
                "healthChecks": match.health_checks,
                "sessionsHosted": match.sessions_hosted,
                "name": session.name if session else "",
                "properties": {p.key: p.value for p in session.gameProperties} if session else {},
            }


class Players(socketserver.ThreadingTCPServer):
    daemon_threads = True


def open_players():
    """A port that fleets open to players: the system chooses higher ones too."""
    too_high = []
    while True:
        players = Players(("0.0.0.0", 0), Player)
        if players.server_address[1] <= HIGHEST_PORT:
            break
        too_high.append(players)
    for other in too_high:
        other.server_close()
    return players


def main():
    # Everybody who follows the tutorials has this address in the code; the variable is an extra of OpenGSE.
    agent = Agent(os.environ.get("GSE_AGENT_ADDRESS", "127.0.0.1:5758"))
    match, over = Match(), threading.Event()

    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    game_grpc.add_GameServerGrpcSdkServiceServicer_to_server(Callbacks(agent, match, over), server)
    grpc_port = server.add_insecure_port("127.0.0.1:0")
    server.start()

    players = open_players()
    players.agent, players.match = agent, match
    client_port = players.server_address[1]
    threading.Thread(target=players.serve_forever, daemon=True).start()

    ready = gse.ProcessReadyRequest(logPathsToUpload=["./logs"], clientPort=client_port, grpcPort=grpc_port)
    agent.call("ProcessReady", ready)
    log(f"ready: players on {client_port}, callbacks on {grpc_port}")
    over.wait()
    # The answer of OnProcessTerminate goes out before the server stops.
    server.stop(grace=2).wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
