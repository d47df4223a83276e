//! Texts of the door: which region a page is of, and what is refused before anything is read.

use crate::language::Text;

texts! {
    NO_SUCH_REGION: "This service has no such region, so nothing was done", "此服务没有该地域，未执行任何操作";
    IN_REGION: "It is done in the region", "操作所在地域：";
}
