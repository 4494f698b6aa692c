//! Reasons of credentials (tokens, issuers, certificates, API keys): a part of the one table, handed on before the rest like
//! that of visits.

macro_rules! with_identity {
    ($($before:tt)*) => {
        with_desk! {
            $($before)*

            Unauthenticated "UNAUTHENTICATED" Unauthenticated
                en "The call carried no valid credential."
                   "The token or client certificate is missing, expired, revoked or not ours."
                   "Get a fresh credential and call again with it."
                zh "您的登录已失效。"
                   "凭证缺失、已过期、已吊销，或不是本系统签发的。"
                   "请重新登录后再试。";
            IssuerUnreachable "ISSUER_UNREACHABLE" Unavailable
                en "Who issued the credential cannot be asked for its keys."
                   "The token is signed with a key that is not known here, and its issuer did not answer when it was \
                    asked. Nothing was done, and nothing is wrong with the token as far as can be told."
                   "Send the very same request again in ten seconds; do not sign in anew."
                zh "暂时无法核验登录凭证。"
                   "凭证的签名密钥尚未获取，且身份服务暂时无法访问。未做任何更改。"
                   "请十秒后重试，无需重新登录。";
            ClientCertificateUnnamed "CLIENT_CERTIFICATE_UNNAMED" Unauthenticated
                en "The client certificate names no partner."
                   "It comes from an authority that is trusted here, but has no name of the form parasol://brand/…, \
                    parasol://centre/…?brand=… or parasol://lab/…, or more than one."
                   "Have a certificate issued with the right name, see docs/identity.md, or call without one."
                zh "客户端证书未指明合作方。"
                   "证书由受信任的机构签发，但其中没有或有多个 parasol:// 形式的名称。"
                   "请换用名称正确的证书，或不使用证书调用。";
            ClientCertificateRequired "CLIENT_CERTIFICATE_REQUIRED" Unauthenticated
                en "The call needs a client certificate."
                   "On this port brands, centres and laboratories are let in by their certificate only; a token alone will \
                    not do."
                   "Connect with the certificate that was issued to you."
                zh "此端口需要客户端证书。"
                   "品牌、网点和检测机构在此端口必须使用客户端证书，仅有令牌不足以放行。"
                   "请使用签发给您的证书重新连接。";
            ClientCertificateOther "CLIENT_CERTIFICATE_OTHER" PermissionDenied
                en "The token is not that of the partner whose certificate it comes with."
                   "A token beside a certificate must name the same partner, in the same role; nothing was done."
                   "Leave the token out, or connect without the certificate."
                zh "令牌与客户端证书不属于同一合作方。"
                   "与证书一起使用的令牌必须指向同一合作方和同一角色，未做任何更改。"
                   "请去掉令牌，或不使用证书连接。";
            ApiKeysFull "API_KEYS_FULL" FailedPrecondition
                en "The partner has as many API keys as it may have."
                   "Five keys of a brand or a centre can be good at a time; those that ended or were taken back do not count."
                   "Take one back that is not used any more; ListApiKeys says when each was used last."
                zh "该合作方的 API 密钥数量已达上限。"
                   "每个品牌或网点最多同时有五个有效密钥；已过期或已吊销的不计。"
                   "请先吊销不再使用的密钥；密钥列表给出了各自最近使用的日期。";
        }
    };
}

pub(super) use with_identity;
