//! What the rules of a diagnosis found, in Chinese, by rule: what it means, and what to do. The numbers are in the
//! sentences of the service, which are English.

/// What a rule has to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Advice {
    pub(crate) rule: &'static str,
    /// What is wrong, and why that is so.
    pub(crate) meaning: &'static str,
    /// What to do.
    pub(crate) fix: &'static str,
}

const fn advice(rule: &'static str, meaning: &'static str, fix: &'static str) -> Advice {
    Advice { rule, meaning, fix }
}

/// In the order of a game server's life.
pub(crate) const ADVICE: &[Advice] = &[
    advice(
        "package-unusable",
        "生成包不可用：复制和解压完成之前，无法启动任何进程。",
        "查看对应事件及其日志，修正生成包后重新上传，并创建新的舰队；失败的舰队不会自动重试。",
    ),
    advice(
        "install-failed",
        "安装失败：install.sh 未成功，或 gse.yaml 有误。",
        "查看下方日志的最后几行，修正生成包后重新上传，并创建新的舰队；失败的舰队不会自动重试。",
    ),
    advice(
        "launch-path-missing",
        "启动路径不存在：生成包内没有该文件。",
        "填写 zip 包内的实际路径（位于 /local/game/ 之下或相对路径，区分大小写），可用 unzip -l 查看包内文件。",
    ),
    advice(
        "not-executable",
        "系统无法执行该文件：机器架构不符、脚本缺少 #! 首行，或主机上没有所需的解释器或动态库。",
        "为当前系统重新编译，脚本以 #!/bin/sh 等开头，并将依赖一并打入生成包。",
    ),
    advice(
        "process-ended",
        "进程未调用 ProcessEnding 即退出，视为崩溃：其会话变为 ERROR，服务会重新启动进程，等待时间逐次加倍。",
        "查看下方标准错误的最后几行；如属正常退出，请在退出前调用 ProcessEnding。",
    ),
    advice(
        "no-process-ready",
        "进程尚未调用 ProcessReady，因此不会分配会话；超时后进程会被终止。",
        "游戏可以接受会话时调用 ProcessReady（地址见环境变量 GSE_AGENT_ADDRESS，元数据须含 pid），并检查返回的状态。",
    ),
    advice(
        "port-clash",
        "端口冲突：同一主机上的多个进程上报了相同的端口，回调或玩家可能连到错误的进程。",
        "让系统分配端口（端口 0）并上报实际端口，或通过启动参数为每个进程指定不同的端口。",
    ),
    advice(
        "client-port-closed",
        "进程上报的 clientPort 不在舰队开放的端口范围内，玩家无法连接。",
        "在“端口与协议”中开放该端口，或上报已开放的端口。",
    ),
    advice(
        "ready-before-listening",
        "回调无法连接：上报的 grpcPort 没有程序监听。可能过早调用了 ProcessReady、端口有误，或 gRPC 服务已退出。",
        "先在 127.0.0.1 或 0.0.0.0 上监听（不使用 TLS），再用实际监听的端口调用 ProcessReady。",
    ),
    advice(
        "callback-unimplemented",
        "回调未实现：注册了生成的基类但未重写方法，或该端口上是其他服务。",
        "在注册的类中重写全部三个回调：OnHealthCheck、OnStartGameServerSession、OnProcessTerminate。",
    ),
    advice(
        "health-answered-false",
        "健康检查返回了不健康：空应答即表示不健康（protobuf 的默认值为 false），连续三次后进程会被终止。",
        "游戏正常时返回 healthStatus: true。",
    ),
    advice(
        "callback-no-answer",
        "回调超时未应答：处理回调的线程被阻塞，或游戏已卡死。",
        "在独立线程中处理回调并立即返回，耗时操作放到后台执行。",
    ),
    advice(
        "callback-failed",
        "回调返回错误：处理函数抛出了异常，或返回了非 OK 状态。",
        "查看下方的错误信息和游戏服务器自身的日志。",
    ),
    advice(
        "activate-missing",
        "会话未激活：进程调用 ActivateGameServerSession 之后会话才能接受玩家，仅从 OnStartGameServerSession 返回 OK 并不够。",
        "玩家可以连接时，用 OnStartGameServerSession 给出的会话 ID 调用 ActivateGameServerSession，并检查返回的状态。",
    ),
    advice(
        "accept-missing",
        "玩家会话预留后超时：玩家没有连上所给的地址，或游戏服务器没有调用 AcceptPlayerSession。",
        "客户端连接时发送 PlayerSessionId，游戏服务器用它调用 AcceptPlayerSession，玩家离开时调用 RemovePlayerSession。",
    ),
    advice(
        "wrong-session-id",
        "调用使用了错误的会话 ID：该进程没有（或不再）承载此会话，常见于一直使用首个会话 ID 的游戏服务器。",
        "每次都从 OnStartGameServerSession 取新的会话 ID，并用于之后的所有调用。",
    ),
    advice(
        "call-refused",
        "游戏服务器的调用被拒绝：调用的时机、状态或参数不符合要求。",
        "根据下方的英文说明调整调用顺序或参数。",
    ),
    advice(
        "terminate-ignored",
        "进程收到 OnProcessTerminate 后到期仍未退出，已被强制终止，其会话变为 ERROR。",
        "在 OnProcessTerminate 中依次调用 TerminateGameServerSession、ProcessEnding，并在 terminationTime 之前退出。",
    ),
    advice(
        "does-not-exit",
        "进程调用 ProcessEnding 后没有退出，可能仍占用端口，替补进程须等待。",
        "ProcessEnding 得到应答后立即退出。",
    ),
];

/// What a rule has to say; `None` for one of a newer service.
pub(crate) fn of(rule: &str) -> Option<&'static Advice> {
    ADVICE.iter().find(|advice| advice.rule == rule)
}
