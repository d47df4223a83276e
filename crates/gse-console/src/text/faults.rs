//! Texts of faults that somebody asks for, to try out a disaster.

use crate::language::Text;

texts! {
    FAULTS: "Fault drill", "故障演练";
    FAULTS_NOTE: "For trying out a disaster before there is one: make a region fail, and see where queues and players go. Sessions that are active stay; nothing else is changed, and a fault lasts until somebody clears it here.",
        "在真实灾难发生之前进行演练：让某个地域出现故障，观察队列与玩家的去向。活跃的会话不受影响，其他配置也不会改变；故障会一直持续，直到在此处清除。";
    FAULTS_NEAR: "The service takes this from the machine that it runs on only.", "服务只接受来自其所在机器的故障演练请求。";
    FAULTS_FAR: "This browser is on another machine than the service, so it may look and not touch. Open the console there, or through an SSH tunnel, or use gse fault there.",
        "当前浏览器与服务不在同一台机器上，只能查看，不能操作。请在服务所在机器上打开控制台、使用 SSH 隧道，或在该机器上执行 gse fault。";
    CONDITION: "State", "状态";
    EFFECT: "What that does", "影响";
    WELL: "well", "正常";
    DOWN: "down", "故障";
    SLOW: "slow", "延迟";
    YOUR_REGION: "the region you are in", "当前地域";
    WELL_EFFECT: "Nothing is wrong.", "一切正常。";
    DOWN_EFFECT: "Nothing is placed there, and its latency beacon is silent.", "不会在该地域放置会话，延迟探测点无响应。";
    SLOW_EFFECT: "Its latency beacon answers later, by milliseconds:", "延迟探测点的应答推迟，毫秒：";
    SET_FAULT: "Make it fail", "注入故障";
    CHANGE_FAULT: "Change", "更改";
    CLEAR_FAULT: "Clear the fault", "清除故障";
    FAULT: "Fault", "故障类型";
    DELAY: "Delay of the beacon in ms, 1 to 2000", "探测点延迟（毫秒），1–2000";
    OF_REGION: "A fault of a region", "地域故障";
    BANNER: "Fault drill:", "故障演练：";
    BANNER_DOWN: "this region is down because somebody asked for it. Nothing is placed here.", "当前地域处于人为故障中，不会在此放置会话。";
    BANNER_SLOW: "this region is slow because somebody asked for it. Its latency beacon answers later, by milliseconds:",
        "当前地域处于人为延迟中，延迟探测点的应答推迟，毫秒：";
    TO_FAULTS: "Look, or clear it", "查看或清除";
    OF_FLEET: "A fleet that fails", "舰队故障";
    OF_FLEET_NOTE: "The fleet becomes ERROR, as when a step of its creation fails, and its instances are stopped. There is no way back: such a fleet can only be deleted.",
        "舰队会进入错误状态（与创建步骤失败时相同），其实例会被停止。此操作不可恢复，之后只能删除该舰队。";
    CHOOSE_FLEET: "Choose a fleet", "选择舰队";
    NO_FLEET: "This region has no fleet that could fail.", "当前地域没有可供演练的舰队。";
}
