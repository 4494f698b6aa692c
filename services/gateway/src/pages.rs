//! The pages, in Chinese and English: plain documents, no script, light or dark as the reader likes.

use std::fmt::Write as _;

use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parasol_api::error::Reason;
use parasol_api::{Error, Language};

use crate::Gateway;
use crate::language::Wanted;

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded from elsewhere and nothing runs.
const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The front page: what this is and where everything is.
pub(crate) async fn front(State(gateway): State<Gateway>, Wanted(language): Wanted) -> Response {
    let grpc = escape(&gateway.grpc);
    let page = match language {
        Language::Zh => Page {
            language,
            path: "/",
            title: "京伞 Parasol",
            body: format!(
                "<p>家电售后服务的统一调度：顾客只需提交一次，派单、预约、检测、处理全程可见。</p>\
                 <h2>地址</h2><dl>\
                 <dt>gRPC</dt><dd><code>{grpc}</code>，支持反射与健康检查</dd>\
                 <dt>存活</dt><dd><a href=\"/livez\">/livez</a></dd>\
                 <dt>就绪</dt><dd><a href=\"/readyz\">/readyz</a></dd></dl>\
                 <h2>文档</h2><ul>\
                 <li><a href=\"/errors?lang=zh\">错误说明</a>：发生了什么、原因、下一步</li>\
                 <li>接口定义可通过 gRPC 反射读取，每个方法都有注释</li>\
                 <li><a href=\"/openapi.json\">OpenAPI</a>：同样的方法，以 REST/JSON 提供</li></ul>\
                 <h2>顾客</h2><p><a href=\"/my?lang=zh\">我的服务：报修与实时进展</a> · \
                 <a href=\"/ranking?lang=zh\">品牌售后排行</a></p>\
                 <h2>合作方</h2><p><a href=\"/portal?lang=zh\">厂家与网点工作台</a> · \
                 <a href=\"/steward?lang=zh\">品牌管家</a></p>\
                 <h2>平台</h2><p><a href=\"/desk?lang=zh\">客服台</a> · \
                 <a href=\"/board?lang=zh\">运行看板</a></p>"
            ),
        },
        Language::En => Page {
            language,
            path: "/",
            title: "Parasol",
            body: format!(
                "<p>After-sales service for home appliances: a customer files once, and dispatch, \
                 visit, inspection and remedy can be followed to the end.</p>\
                 <h2>Addresses</h2><dl>\
                 <dt>gRPC</dt><dd><code>{grpc}</code>, with reflection and health</dd>\
                 <dt>Liveness</dt><dd><a href=\"/livez\">/livez</a></dd>\
                 <dt>Readiness</dt><dd><a href=\"/readyz\">/readyz</a></dd></dl>\
                 <h2>Documents</h2><ul>\
                 <li><a href=\"/errors?lang=en\">Errors</a>: what happened, why, what to do</li>\
                 <li>The contract is read by gRPC reflection; every method has its comment</li>\
                 <li><a href=\"/openapi.json\">OpenAPI</a>: the same methods as REST/JSON</li></ul>\
                 <h2>Customers</h2><p><a href=\"/my?lang=en\">Report a problem, and follow it \
                 live</a> · <a href=\"/ranking?lang=en\">How brands do after the sale</a></p>\
                 <h2>Partners</h2><p><a href=\"/portal?lang=en\">The portal for brands and \
                 centres</a> · <a href=\"/steward?lang=en\">For brands</a></p>\
                 <h2>The retailer</h2><p><a href=\"/desk?lang=en\">The agent's desk</a> · \
                 <a href=\"/board?lang=en\">Operations</a></p>"
            ),
        },
    };
    page.answer(StatusCode::OK)
}

/// Every reason, with a sentence and a link.
pub(crate) async fn errors(Wanted(language): Wanted) -> Response {
    let tag = short(language);
    let mut body = String::from("<ul>");
    for reason in Reason::ALL {
        let (code, what) = (reason.code(), escape(reason.words(language).what));
        write!(
            body,
            "<li><a href=\"/errors/{code}?lang={tag}\"><code>{code}</code></a> {what}</li>"
        )
        .expect("writing into a string cannot fail");
    }
    body.push_str("</ul>");
    let title = match language {
        Language::Zh => "错误说明",
        Language::En => "Errors",
    };
    Page { language, path: "/errors", title, body }.answer(StatusCode::OK)
}

/// One reason: what happened, why, what to do next.
pub(crate) async fn error(Path(code): Path<String>, Wanted(language): Wanted) -> Response {
    let Some(reason) = Reason::parse(&code) else { return missing(language) };
    let words = reason.words(language);
    let waits = Error::new(reason).is_transient();
    let (labels, back, retry) = match (language, waits) {
        (Language::Zh, true) => (LABELS_ZH, "全部错误", "可以，请使用相同的请求编号重试"),
        (Language::Zh, false) => (LABELS_ZH, "全部错误", "不可以，需先更正"),
        (Language::En, true) => (LABELS_EN, "All errors", "yes, with the same request id"),
        (Language::En, false) => (LABELS_EN, "All errors", "no, something has to change first"),
    };
    let [what, why, next, kind, again] = labels;
    let body = format!(
        "<h2>{what}</h2><p>{}</p><h2>{why}</h2><p>{}</p><h2>{next}</h2><p>{}</p>\
         <dl><dt>{kind}</dt><dd><code>{}</code></dd><dt>{again}</dt><dd>{retry}</dd></dl>\
         <p><a href=\"/errors?lang={}\">{back}</a></p>",
        escape(words.what),
        escape(words.why),
        escape(words.next),
        reason.kind().name(),
        short(language),
    );
    let path = format!("/errors/{}", reason.code());
    Page { language, path: &path, title: reason.code(), body }.answer(StatusCode::OK)
}

const LABELS_ZH: [&str; 5] = ["发生了什么", "原因", "下一步", "gRPC 状态码", "能否重试"];
const LABELS_EN: [&str; 5] =
    ["What happened", "Why", "What to do", "gRPC code", "Can it be sent again?"];

/// The style of all pages.
pub(crate) async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, STYLE).into_response()
}

/// Any other address.
pub(crate) async fn nothing_here(Wanted(language): Wanted) -> Response {
    missing(language)
}

/// Says nothing of what was asked for, so that no link can put words on a page of ours.
pub(crate) fn missing(language: Language) -> Response {
    let (title, body) = match language {
        Language::Zh => ("没有这个页面", "<p><a href=\"/?lang=zh\">返回首页</a></p>"),
        Language::En => ("There is no such page", "<p><a href=\"/?lang=en\">Front page</a></p>"),
    };
    Page { language, path: "/", title, body: body.to_owned() }.answer(StatusCode::NOT_FOUND)
}

/// There is no place for whoever asked. Nothing was read, so a form may be sent again.
pub(crate) fn busy(error: &Error, language: Language, seconds: u64) -> Response {
    let words = error.reason().words(language);
    let what = escape(words.what);
    let (title, again) = match language {
        Language::Zh => ("请稍候", format!("什么都没有处理。请在 {seconds} 秒后返回上一页再试。")),
        Language::En => {
            ("One moment", format!("Nothing was done. Go back and try again in {seconds} s."))
        }
    };
    let body = format!("<p>{what}</p><p>{again}</p>");
    let mut response =
        Page { language, path: "/", title, body }.answer(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A page in one language, with a link to itself in the other. `title` is text, `body` is HTML.
struct Page<'a> {
    language: Language,
    path: &'a str,
    title: &'a str,
    body: String,
}

impl Page<'_> {
    fn answer(self, status: StatusCode) -> Response {
        let headers: [(HeaderName, &str); 7] = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CONTENT_LANGUAGE, self.language.tag()),
            (header::VARY, "accept-language"),
            (header::CACHE_CONTROL, "public, max-age=300"),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        (status, headers, self.html()).into_response()
    }

    fn html(&self) -> String {
        let (other, other_tag, other_name) = match self.language {
            Language::Zh => ("en", Language::En.tag(), "English"),
            Language::En => ("zh", Language::Zh.tag(), "中文"),
        };
        let (tag, path, title, body) =
            (self.language.tag(), escape(self.path), escape(self.title), &self.body);
        format!(
            "<!DOCTYPE html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n\
             <body>\n<nav><a href=\"{path}?lang={other}\" lang=\"{other_tag}\" \
             hreflang=\"{other_tag}\">{other_name}</a></nav>\n\
             <main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
        )
    }
}

/// The word for a language in our own links.
fn short(language: Language) -> &'static str {
    match language {
        Language::Zh => "zh",
        Language::En => "en",
    }
}

/// Text made fit for HTML, inside elements and quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
