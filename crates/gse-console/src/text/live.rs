//! Texts of what is told of a session, a process and a placement: timelines, output, findings.

use crate::language::Text;

texts! {
    TIMELINE: "Timeline", "时间线";
    TIMELINE_NOTE: "From the request to the first tick, times in milliseconds.", "从请求到首个 tick，单位为毫秒。";
    TRACE_ID: "Trace", "追踪 ID";
    MOMENT: "Moment", "阶段";
    AFTER: "After", "距开始";
    TOOK: "Took", "耗时";
    TOLD_BY: "Told by", "来源";
    WHAT: "What", "说明";
    MILLISECONDS: "ms", "毫秒";
    BY_SERVICE: "service", "控制面";
    BY_HOST: "host", "主机";
    BY_GAME_SERVER: "game server", "游戏服务器";
    REQUESTED: "requested", "发起请求";
    PROCESS_CHOSEN: "process chosen", "选定进程";
    ORDER_RECEIVED: "order received", "主机收到指令";
    START_SENT: "start sent", "发送启动回调";
    ACTIVATED: "activated", "会话激活";
    PLAYER_RESERVED: "player reserved", "预留首个玩家";
    PLAYER_ACCEPTED: "player accepted", "接受首个玩家";
    FIRST_PLAYER: "first player", "首个玩家进入";
    FIRST_TICK: "first tick", "首个 tick";
    HOP_ENDED: "ended", "结束";
    SEARCH: "How its process was found", "查找进程的过程";
    WHY_PLACEMENT: "Why it went where it went", "放置过程与原因";
    FINDINGS: "What is wrong", "诊断结果";
    NO_FINDINGS: "The diagnosis found nothing wrong.", "诊断未发现问题。";
    NEXT_STEP: "What to do", "处理建议";
    RULE_AND_SECTION: "Rule", "规则";
    LAST_LINES: "Its last lines", "最后的输出";
    MORE_OF_KIND: "more of the kind", "个同类问题";
    OUTPUT: "Output", "输出";
    OUTPUT_NOTE: "The last lines that the process wrote; the page follows them.", "进程最后输出的内容，页面会自动更新。";
    NOTHING_KEPT: "Nothing is kept of this process: it was started by hand, or it is too long ago.",
        "没有保留该进程的输出：进程为手动启动，或时间过久。";
    WROTE_NOTHING: "It wrote nothing.", "没有输出。";
    HAS_ENDED: "This process has ended.", "该进程已结束。";
    PROCESS: "Process", "进程";
    PID: "PID", "进程号";
    SHOW_OUTPUT: "Show output", "查看输出";
    INSTANCE: "Instance", "实例";
    ORIGINAL: "In the words of the service", "英文原文";
    COLON: ": ", "：";
    BIT: "bit", "位";
    STOP: ". ", "。";
}
