//! What error codes mean, in Chinese: the vendor's words where its documents had them. The message that comes with a code
//! is English, as that of the vendor was.

/// By code, in the order of its letters. What follows a dot is more exact; where it is not known, the code before the dot
/// tells (`of`).
const REFUSALS: &[(&str, &str)] = &[
    ("ActionOffline", "接口已下线。"),
    ("AuthFailure", "签名或鉴权错误。"),
    ("AuthFailure.InvalidAuthorization", "请求头部的 Authorization 不符合规范。"),
    ("AuthFailure.InvalidSecretId", "密钥非法，不是云 API 密钥类型。"),
    ("AuthFailure.MFAFailure", "MFA 校验失败。"),
    ("AuthFailure.SecretIdNotFound", "密钥不存在，请检查 SecretId 是否正确。"),
    ("AuthFailure.SignatureExpire", "签名已过期，请检查本机时间。"),
    ("AuthFailure.SignatureFailure", "签名错误，请检查 SecretKey 与签名方法。"),
    ("AuthFailure.TokenFailure", "临时证书的 Token 错误。"),
    ("AuthFailure.UnauthorizedOperation", "资源未授权：当前密钥无权执行此操作。"),
    ("DryRunOperation", "DryRun 操作：请求本可成功，但多传了 DryRun 参数。"),
    ("FailedOperation", "操作失败。"),
    ("InternalError", "内部错误，请稍后重试并查看服务日志。"),
    ("InvalidAction", "接口不存在。"),
    ("InvalidParameter", "参数错误：格式或类型不正确。"),
    ("InvalidParameterValue", "参数取值错误。"),
    ("InvalidRequest", "请求内容不合法。"),
    ("IpInBlacklist", "IP 地址在黑名单中。"),
    ("IpNotInWhitelist", "IP 地址不在白名单中。"),
    ("LimitExceeded", "超过配额限制。"),
    ("LimitExceeded.CcnLimitExceeded", "超过云联网配额限制。"),
    ("LimitExceeded.FleetLimitExceeded", "服务器舰队个数超过配额。"),
    ("LimitExceeded.InstanceLimitExceeded", "实例个数超过配额。"),
    ("MissingParameter", "缺少必填参数。"),
    ("NoSuchProduct", "产品不存在。"),
    ("NoSuchVersion", "接口版本不存在。"),
    ("OperationDenied", "操作被拒绝：资源当前的状态不允许此操作。"),
    ("RequestLimitExceeded", "请求次数超过频率限制，请稍后重试。"),
    ("RequestLimitExceeded.GlobalRegionUinLimitExceeded", "主账号请求次数超过频率限制，请稍后重试。"),
    ("RequestLimitExceeded.IPLimitExceeded", "该 IP 的请求次数超过频率限制，请稍后重试。"),
    ("RequestLimitExceeded.UinLimitExceeded", "账号的请求次数超过频率限制，请稍后重试。"),
    ("RequestSizeLimitExceeded", "请求包超过大小限制。"),
    ("ResourceInUse", "资源被占用，请先解除引用它的资源。"),
    ("ResourceInsufficient", "资源不足：目前没有空闲的进程或实例。"),
    ("ResourceNotFound", "资源不存在：可能已被删除，或位于其他地域。"),
    ("ResourceNotFound.CcnResourceNotFound", "云联网资源不存在。"),
    ("ResourceUnavailable", "资源不可用。"),
    ("ResponseSizeLimitExceeded", "返回包超过大小限制。"),
    ("ServiceUnavailable", "服务暂时不可用，请稍后重试。"),
    ("UnauthorizedOperation", "未授权操作。"),
    ("UnauthorizedOperation.ServiceNotOpened", "尚未开通服务。"),
    ("UnknownParameter", "未知参数错误。"),
    ("UnsupportedOperation", "不支持该操作。"),
    ("UnsupportedOperation.CcnAttached", "云联网重复关联。"),
    ("UnsupportedOperation.UinNotFound", "账号 ID 不存在。"),
    ("UnsupportedOperation.UnableCrossBorder", "不支持跨境打通。"),
    ("UnsupportedProtocol", "不支持该协议，仅支持 HTTP 与 HTTPS 的 GET、POST 请求。"),
    ("UnsupportedRegion", "接口不支持所选地域。"),
];

/// What a code means; of one that is not known, what the part before its last dot means.
pub(crate) fn of(code: &str) -> Option<&'static str> {
    let mut code = code;
    loop {
        if let Some(text) = super::said(REFUSALS, code) {
            return Some(text);
        }
        code = code.rsplit_once('.')?.0;
    }
}
