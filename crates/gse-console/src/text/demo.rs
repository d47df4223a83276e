//! The texts of the wizard and of the page that is a client.

use crate::language::Text;

texts! {
    START_NOTE: "From a package to players who chat, in four steps. What a button does, a script can do too.",
        "四步完成从生成包到玩家聊天。每个按钮的操作都可以由脚本完成。";
    STEP_PACKAGE: "Upload demo package", "上传 Demo 生成包";
    STEP_FLEET: "Create server fleet", "创建服务器舰队";
    STEP_SESSIONS: "Create sessions", "创建会话";
    STEP_CLIENT: "Client", "客户端";
    DONE: "completed", "已完成";
    HERE: "in progress", "进行中";
    AHEAD: "not yet", "未完成";
    NEXT: "Next", "下一步";
    BACK: "Back", "上一步";

    PACKAGE_NOTE: "The demo is a chat room: players who are connected to the same session see each other's messages.",
        "Demo 是一个聊天室：连接到同一会话的玩家可以看到彼此的消息。";
    QUICK_UPLOAD: "Quick upload of demo package", "快速上传 Demo 生成包";
    UPLOADED: "The demo package is uploaded:", "Demo 生成包上传成功：";
    PACKAGE_MISSING: "There is no demo package to upload.", "没有可上传的 Demo 生成包。";

    FLEET_NOTE: "Ten processes on one instance, ports 1025 to 60000, no protection, 3 minutes of cool-down.",
        "单实例 10 个进程，端口 1025–60000，不保护，冷却时间 3 分钟。";
    QUICK_FLEET: "Quick creation of server fleet", "快速创建服务器舰队";
    NO_FLEET: "There is no demo fleet yet.", "尚未创建 Demo 舰队。";
    FLEET_CREATING: "Creating the server fleet …", "正在创建服务器舰队……";
    FLEET_CREATED: "The server fleet is created:", "服务器舰队创建成功：";
    FLEET_FAILED: "The server fleet could not be created; its events say why:", "服务器舰队创建失败，原因见事件：";
    FLEET_STATES: "States of the fleet", "舰队状态";
    CREATE: "Create", "新建";
    DOWNLOADING: "Downloading", "下载中";
    VERIFYING: "Verifying", "验证中";
    GENERATING: "Generating", "生成中";
    ACTIVATING: "Activating", "激活中";
    ACTIVE: "Active", "活跃";

    SESSIONS_NOTE: "Each process hosts one session, so there are up to ten on one instance. Choose one, and create player sessions for it.",
        "每个进程承载一个会话，单实例最多 10 个。选择一个会话，再为其创建玩家会话。";
    CREATE_SESSION: "Create game server session", "创建游戏服务器会话";
    CREATE_PLAYER: "Create player session", "创建玩家会话";
    CHOOSE: "Choose", "选择";
    CHOSEN: "chosen", "已选择";
    SESSION_READY: "The chosen game server session:", "已选择的游戏服务器会话：";
    NO_SESSION: "No session is chosen yet.", "尚未选择会话。";
    PLAYER_ID: "Player ID", "玩家 ID";
    NO_PLAYER: "There is no player session for the chosen session yet.", "所选会话还没有玩家会话。";

    CLIENT_NOTE: "A player session is reserved for 1 minute. Who has not connected by then needs a new one.",
        "玩家会话保留 1 分钟，超时未连接需要重新创建。";
    TO_CLIENT: "Redirect to client webpage", "跳转到客户端页面";
    TO_CLIENT_AS: "as", "身份：";
    COMPLETE: "Complete", "完成";
    COMPLETE_NOTE: "Complete begins a new round. The package, the fleet and its sessions stay, and are found in their lists.",
        "点击完成将开始新一轮；生成包、舰队和会话会保留，可在各自列表中查看。";

    // the client
    CLIENT: "Demo client", "Demo 客户端";
    CLIENT_ABOUT: "This page is a player: it connects from this browser to the game server. Closing it loses the player session.",
        "此页面就是一名玩家：由浏览器直接连接游戏服务器。关闭页面将失去玩家会话。";
    PLAYER_SESSION: "Player session", "玩家会话";
    CONNECTION: "Connection", "连接方式";
    CHOICE_AUTO: "automatic", "自动";
    CONNECT: "Connect", "连接";
    END_SESSION: "End game session", "结束游戏会话";
    BACK_TO_WIZARD: "Back to Getting started", "返回快速入门";
    STATE: "State", "状态";
    CHAT: "Chat", "聊天";
    PLAYERS_HERE: "Players here", "在线玩家";
    SAY: "Say something", "输入消息";
    SEND: "Send", "发送";
    NEEDS_SCRIPT: "This page is a client, and needs JavaScript.", "此页面为客户端，需要启用 JavaScript。";
    NO_TICKET: "No player session of this player is reserved here: it has been used, or its minute is over. Create a new one.",
        "该玩家没有可用的预留玩家会话：已被使用或已超过 1 分钟。请重新创建。";
    NEW_TICKET: "New player session", "新建玩家会话";
    NO_ADDRESS: "A browser cannot be sent to this address.", "浏览器无法连接到该地址。";
    SAYS_IDLE: "not connected", "未连接";
    SAYS_CONNECTING: "connecting …", "正在连接……";
    SAYS_CONNECTED: "connected", "已连接";
    SAYS_CLOSED: "The connection is over, and the player session is lost. Connecting again needs a new one.",
        "连接已结束，玩家会话已失效。重新连接需要新的玩家会话。";
    SAYS_ENDED: "The game session has ended.", "游戏会话已结束。";
    SAYS_REFUSED: "The game server does not let this player in:", "游戏服务器拒绝了该玩家：";
    SAYS_IMPOSTOR: "The other side does not know the player session, so it is not the game server. Nothing was told to it.",
        "对方不知道玩家会话，不是游戏服务器；未向其透露任何信息。";
    SAYS_INSECURE: "This page was opened in a way in which browsers offer no cryptography (plain HTTP to another machine), so it cannot prove to the game server who the player is. Open the console as http://127.0.0.1, for example through an SSH tunnel, or by HTTPS.",
        "当前打开方式（以明文 HTTP 访问其他机器）下浏览器不提供加密功能，页面无法向游戏服务器证明玩家身份。请通过 http://127.0.0.1（例如 SSH 隧道）或 HTTPS 打开控制台。";
    SAYS_MIXED: "This console is served by HTTPS, and browsers let such a page connect to unencrypted addresses on this machine only. If it does not connect, open the console as http://127.0.0.1, for example through an SSH tunnel.",
        "当前控制台使用 HTTPS，浏览器只允许此类页面连接本机的未加密地址。若无法连接，请通过 http://127.0.0.1（例如 SSH 隧道）打开控制台。";
    SAYS_UNREACHABLE: "The game server cannot be reached from this browser. Its port has to be open for TCP, and it has to be started with --web.",
        "浏览器无法连接游戏服务器：需要开放其 TCP 端口，并以 --web 参数启动。";
    SAYS_UNKNOWN: "The game server speaks another version of the demo.", "游戏服务器的 Demo 版本不一致。";
    SAYS_NO_WEBTRANSPORT: "This browser has no WebTransport.", "此浏览器不支持 WebTransport。";
    USES_WEBTRANSPORT: "WebTransport: QUIC on the game's own UDP port, encrypted; the certificate is known by its hash",
        "WebTransport：使用游戏 UDP 端口上的 QUIC，已加密，证书以哈希校验";
    USES_WEBSOCKET: "WebSocket: the demo server's bridge on TCP; not encrypted, the player session itself is never sent",
        "WebSocket：Demo 服务器的 TCP 桥接；未加密，但不会发送玩家会话本身";
    FALLBACK: "WebTransport could not be had:", "未能使用 WebTransport：";
    JOINED: "came in", "加入";
    LEFT: "left", "离开";
    TOO_LONG: "At most 500 bytes.", "最多 500 字节。";
}
