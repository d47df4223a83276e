// A client of the demo: connects this browser to the game server of a session, proves who the player is, and chats.
// What others say and are called is text, never markup. game-server/src/web is the other side of it.
"use strict";

{
  const page = document.getElementById("client");
  if (page) start(page);
}

function start(page) {
  const PROTOCOL = "opengse-lobby-web/1";
  const PLAYER_LABEL = "opengse-arena/1 player knows the player session id\0";
  const SERVER_LABEL = "opengse-arena/1 server knows the player session id\0";
  const JOIN_LABEL = "opengse-lobby-web/1 join\0";
  const PATIENCE_MS = 5000, LINES = 500, TEXT_MAX = 500;

  const { ip, port, player, ticket } = page.dataset;
  const says = JSON.parse(page.dataset.texts);
  const at = (id) => document.getElementById(id);
  const utf8 = (text) => new TextEncoder().encode(text);
  let line = null, isEnding = false;

  at("connect").onclick = connect;
  at("end-session").onclick = () => line?.say({ type: "end" });
  at("chat").onsubmit = (event) => { event.preventDefault(); chat(); };
  at("chat-text").oninput = (event) => event.target.setCustomValidity("");
  // A page that is left has left the session, and does not come back from the browser's memory as if it had not.
  addEventListener("pagehide", () => { line?.say({ type: "leave" }); line?.close(); });

  const isSecure = window.isSecureContext && crypto.subtle;
  if (!isSecure) show("unable", says.insecure);

  function show(state, text) {
    page.dataset.state = state;
    at("client-state").textContent = text;
    const isConnected = state === "connected";
    for (const id of ["chat-text", "chat-send"]) at(id).disabled = !isConnected;
    if (!isConnected) at("end-session").disabled = true;
    at("connect").disabled = state !== "idle" && state !== "unable";
    at("transport-choice").disabled = at("connect").disabled;
    at("rejoin").hidden = isEnding || !["closed", "refused"].includes(state);
    if (!isConnected) at("presence").replaceChildren();
  }

  async function connect() {
    if (!isSecure) return show("unable", says.insecure);
    show("connecting", says.connecting);
    let opened;
    try {
      opened = await open(at("transport-choice").value);
    } catch (reason) {
      return show("unable", reason instanceof Said ? reason.message : says.unreachable);
    }
    line = opened.line;
    at("transport").textContent = opened.says;
    try {
      await join(line, opened.certificate);
      show("connected", says.connected);
      at("chat-text").focus();
      for (let said; (said = await line.hear()); ) take(said);
      show("closed", isEnding ? says.ended : says.closed);
    } catch (reason) {
      show(page.dataset.state === "connected" ? "closed" : "refused", reason instanceof Said ? reason.message : says.closed);
    }
    line.close();
    line = null;
  }

  // Which transport: WebTransport where the browser has it and the network lets it, otherwise the WebSocket.
  async function open(choice) {
    const answer = await fetch(`http://${ip}:${port}/web`, {
      credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const offer = await answer.json();
    if (offer.protocol !== PROTOCOL) throw new Said(says.unknown);
    const certificate = Uint8Array.from(atob(offer.certificateHash), (letter) => letter.charCodeAt(0));
    let why = "";
    if (choice !== "WebSocket") {
      try {
        const line = await withTransport(certificate);
        return { line, certificate, says: says.webTransport };
      } catch (reason) {
        why = reason instanceof Said ? reason.message : String(reason.message || reason);
        if (choice === "WebTransport") throw new Said(says.fallback + " " + why);
      }
    }
    const line = await withSocket();
    return { line, certificate: new Uint8Array(32), says: says.webSocket + (why && ` – ${says.fallback} ${why}`) };
  }

  async function withTransport(hash) {
    if (!("WebTransport" in window)) throw new Said(says.noWebTransport);
    const session = new WebTransport(`https://${ip}:${port}/web`, {
      serverCertificateHashes: [{ algorithm: "sha-256", value: hash }],
    });
    session.closed.catch(() => {});
    try {
      await soon(session.ready);
      const streams = session.incomingBidirectionalStreams.getReader();
      const { value: stream } = await soon(streams.read());
      const reader = stream.readable.getReader(), writer = stream.writable.getWriter();
      const decoder = new TextDecoder();
      let unread = "";
      return {
        say: (message) => writer.write(utf8(JSON.stringify(message) + "\n")).catch(() => {}),
        close: () => session.close(),
        async hear() {
          for (;;) {
            const end = unread.indexOf("\n");
            if (end >= 0) {
              const text = unread.slice(0, end);
              unread = unread.slice(end + 1);
              return JSON.parse(text);
            }
            const { value, done } = await reader.read().catch(() => ({ done: true }));
            if (done) return null;
            unread += decoder.decode(value, { stream: true });
          }
        },
      };
    } catch (reason) {
      session.close();
      throw reason;
    }
  }

  async function withSocket() {
    const socket = new WebSocket(`ws://${ip}:${port}/web`);
    const heard = [];
    let isOver = false, wake = () => {};
    socket.onmessage = (event) => { heard.push(event.data); wake(); };
    socket.onclose = () => { isOver = true; wake(); };
    await soon(new Promise((open, fail) => { socket.onopen = open; socket.onerror = fail; }));
    return {
      say: (message) => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); },
      close: () => socket.close(),
      async hear() {
        while (!heard.length && !isOver) await new Promise((woken) => { wake = woken; });
        return heard.length ? JSON.parse(heard.shift()) : null;
      },
    };
  }

  // Both sides prove that they know the player session, and neither tells it.
  async function join(line, certificate) {
    const challenge = await soon(line.hear());
    if (challenge?.type !== "challenge" || challenge.protocol !== PROTOCOL) throw new Said(says.unknown);
    const nonce = crypto.getRandomValues(new Uint8Array(32));
    const joined = [utf8(JOIN_LABEL), bytes(challenge.nonce), nonce, certificate];
    const value = new Uint8Array(await crypto.subtle.digest("SHA-256", await new Blob(joined).arrayBuffer()));
    const key = await crypto.subtle.importKey("raw", utf8(ticket), { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
    const over = (label) => new Blob([utf8(label), value]).arrayBuffer();
    const proof = new Uint8Array(await crypto.subtle.sign("HMAC", key, await over(PLAYER_LABEL)));
    line.say({ type: "hello", playerId: player, nonce: hex(nonce), proof: hex(proof) });
    const answer = await soon(line.hear());
    if (answer?.type === "refused") throw new Said(says.refused + " " + answer.reason);
    const isKnown = answer?.type === "welcome"
      && await crypto.subtle.verify("HMAC", key, bytes(answer.proof), await over(SERVER_LABEL));
    if (!isKnown) throw new Said(says.impostor);
    at("end-session").disabled = !answer.mayEnd;
  }

  function take(said) {
    switch (said.type) {
      case "here": for (const id of said.playerIds) arrive(id); break;
      case "joined": arrive(said.playerId); tell(said.playerId, says.joined, "note"); break;
      case "left": leave(said.playerId); tell(said.playerId, says.left, "note"); break;
      case "chat": tell(said.from, said.text, ""); break;
      case "closing": isEnding = true; break;
    }
  }

  function arrive(id) {
    leave(id);
    const item = document.createElement("li"), name = document.createElement("bdi");
    name.textContent = id;
    item.append(name);
    at("presence").append(item);
  }

  function leave(id) {
    for (const item of [...at("presence").children]) if (item.textContent === id) item.remove();
  }

  function tell(from, text, kind) {
    const log = at("chat-log");
    const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
    const item = document.createElement("li"), name = document.createElement("bdi"), words = document.createElement("bdi");
    item.className = kind;
    name.className = "from";
    name.textContent = from;
    words.className = "user";
    words.textContent = text;
    item.append(name, " ", words);
    log.append(item);
    while (log.children.length > LINES) log.firstChild.remove();
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  }

  function chat() {
    const input = at("chat-text"), text = input.value.trim();
    if (!text || !line) return;
    if (utf8(text).length > TEXT_MAX) {
      input.setCustomValidity(says.tooLong);
      input.reportValidity();
      return;
    }
    line.say({ type: "chat", text });
    input.value = "";
  }

  function soon(promise) {
    const late = new Promise((_, fail) => setTimeout(() => fail(new Said(says.unreachable)), PATIENCE_MS));
    return Promise.race([promise, late]);
  }

  function hex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function bytes(hex) {
    return Uint8Array.from(String(hex).match(/../g) ?? [], (pair) => parseInt(pair, 16));
  }
}

// What is said to a person as it is.
class Said extends Error {}
