//! Reasons in Chinese, by code: why a destination was passed over, what a session waits for, who decides a number.

/// `PassedOver::code`.
pub(crate) const PASSED_OVER: &[(&str, &str)] = &[
    ("LEADS_NOWHERE", "别名不指向任何舰队，或目标已不存在"),
    ("NOT_ACTIVE", "舰队不是 ACTIVE 状态"),
    ("NO_PROCESS", "没有空闲进程"),
    ("REGION_DOWN", "地域不可用"),
    ("TOO_FAR", "有玩家的延迟超过延迟策略"),
    ("UNREACHABLE", "部分玩家没有到该地域的可用延迟"),
];

/// `SearchStep::outcome`.
pub(crate) const OUTCOMES: &[(&str, &str)] = &[
    ("CHOSEN", "已选定"),
    ("HOPELESS", "没有可能满足的目标"),
    ("LOST", "会话未能激活，继续查找"),
    ("WAITS", "没有空闲，继续等待"),
];

/// `CapacityDecision::by`.
pub(crate) const DECIDED_BY: &[(&str, &str)] =
    &[("Copy", "复制舰队"), ("Policies", "扩缩容策略"), ("Request", "手动设置"), ("Timer", "定时更新")];

/// `ExplainFleetCapacityResponse::mode`.
pub(crate) const MODES: &[(&str, &str)] = &[
    ("Manual", "自动扩缩容已关闭，实例数仅由期望实例数决定"),
    ("NoPolicy", "没有扩缩容策略，实例数仅由期望实例数决定"),
    ("Policies", "实例数由扩缩容策略决定"),
];

/// `DescribeSessionTimelineResponse::stands_code`.
pub(crate) const STANDS: &[(&str, &str)] = &[
    ("ENDING", "会话正在结束。"),
    ("FAILED", "会话失败。"),
    ("NOT_ACCEPTED", "座位已预留，但尚未调用 AcceptPlayerSession：玩家没有连接，或游戏服务器没有核对。"),
    ("NOT_ACTIVATED", "等待游戏服务器调用 ActivateGameServerSession。"),
    ("NO_FIRST_TICK", "首个玩家已被接受；游戏服务器尚未上报首个 tick（不上报里程碑的游戏服务器始终如此）。"),
    ("NO_PLAYER", "等待首个玩家会话。"),
    ("OVER", "会话已结束。"),
    ("PLAYED", "会话进行中。"),
];

/// `SessionHop::name` of the service and its hosts, and the names that it suggests to game servers.
pub(crate) const HOPS: &[(&str, &str)] = &[
    ("activated", "游戏服务器激活了会话"),
    ("ended", "会话结束"),
    ("first-player", "首个玩家已在游戏中"),
    ("first-tick", "客户端的首个 tick 到达游戏服务器"),
    ("order-received", "主机收到启动会话的指令"),
    ("player-accepted", "首次 AcceptPlayerSession 获准"),
    ("player-reserved", "预留了首个玩家会话"),
    ("process-chosen", "为会话选定了进程"),
    ("requested", "发起了放置请求"),
    ("start-sent", "已向进程发送 OnStartGameServerSession"),
];
