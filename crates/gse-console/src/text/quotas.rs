//! Texts of quotas.

use crate::language::Text;

texts! {
    PACKED: "Room for packages:", "生成包可用空间：";
    OF: "of", "/ 共";
}
