//! Texts of forms, and of pages that are filled in while they follow what they show.

use crate::language::Text;

texts! {
    NEWS: "There is news: load it", "内容有更新，点击加载";
}
