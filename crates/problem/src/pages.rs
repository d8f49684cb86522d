use axum::{
    Router,
    extract::Path,
    response::{Html, IntoResponse, Response},
    routing::get,
};

use crate::{Code, Problem};

/// The page of each code at `/docs/errors/{code}`, which the `type` of a problem points to, and the list of
/// all at `/docs/errors`.
pub fn pages<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/docs/errors", get(list)).route("/docs/errors/{code}", get(page))
}

async fn list() -> Html<String> {
    let rows: String = Code::ALL
        .iter()
        .map(|code| {
            let text = code.as_str();
            format!(
                "<dt><a href=\"/docs/errors/{text}\">{text}</a> ({})</dt><dd>{}</dd>",
                code.status().as_u16(),
                code.title()
            )
        })
        .collect();
    document("Error codes", &format!("<dl>{rows}</dl>"))
}

async fn page(Path(text): Path<String>) -> Response {
    let Some(code) = Code::ALL.iter().find(|code| code.as_str() == text) else {
        return Problem::not_found().into_response();
    };
    let body = format!(
        "<p>Status {}.</p><h2>What happened</h2><p>{}.</p><h2>What to do</h2><p>{}</p><p><a href=\"/docs/errors\">All codes</a></p>",
        code.status(),
        code.title(),
        code.help(),
    );
    document(code.as_str(), &body).into_response()
}

/// The texts are our own constants, so nothing needs escaping but what Rust's source already is careful of.
fn document(title: &str, body: &str) -> Html<String> {
    let body = body.replace("<api key>", "&lt;api key&gt;").replace("<path>", "&lt;path&gt;");
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>{title} · AgentDB Cloud</title></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_code_has_its_page_and_nothing_else_has() {
        for code in Code::ALL {
            assert_eq!(page(Path(code.as_str().to_owned())).await.status(), http::StatusCode::OK);
        }
        assert_eq!(page(Path("invented".to_owned())).await.status(), http::StatusCode::NOT_FOUND);
        assert!(list().await.0.contains("feature_not_in_edition"));
    }
}
