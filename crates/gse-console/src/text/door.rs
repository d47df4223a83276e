//! Texts of the door: which region a page is of, and what is refused before anything is read.

use crate::language::Text;

texts! {
    NO_SUCH_REGION: "This service has no such region, so nothing was done", "此服务没有该地域，未执行任何操作";
    FOREIGN_HOST: "The host `@HOST@` is not a name of this service, which asks nobody for a key. Where it is one, start the service with `--public-host @HOST@`, or open the console by its address or as `localhost`.",
        "主机名 `@HOST@` 不属于本服务，而本服务未启用登录。若确为本服务的名称，请使用 `--public-host @HOST@` 启动服务，或改用 IP 地址或 `localhost` 访问控制台。";
    FORM_AGAIN: "Open the form again with what was typed", "重新打开表单并保留已填写的内容";
    BACK_TO_FORM: "Back to the form", "返回表单";
}
