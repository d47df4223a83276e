//! Texts of logins that are refused.

use crate::language::Text;

texts! {
    TOO_MANY: "Too many wrong keys were tried. This one was not looked at; try again in", "错误密钥的尝试次数过多，本次未做验证；请在";
    TOO_MANY_SECONDS: "seconds.", "秒后重试。";
}
