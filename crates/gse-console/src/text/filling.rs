//! Texts of forms, and of pages that are filled in while they follow what they show.

use crate::language::Text;

texts! {
    NEWS: "There is news: load it", "内容有更新，点击加载";

    // the frame
    TIMES_ARE_UTC: "Times are UTC", "时间均为 UTC";

    // the wizard
    NOW: "now", "当前步骤";
    NONE_RESERVED: "none is reserved any more; create one below", "当前没有预留的玩家会话，请在下方新建";

    // forms
    LIMITED: "Limited", "限制";

    // statistics
    CSV_IS_CUT: "The file has the first rows only; choose a shorter period for the rest:", "文件仅含前若干行，其余请缩短时间段：";
}
