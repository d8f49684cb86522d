//! Scripts of other origins: which of them a browser lets at the data, and nothing else.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// Where API keys are all that counts. A cookie is never believed there, and never allowed from elsewhere.
const DATA: &str = "/v1/namespaces/";
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What a script may send.
const REQUEST_HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, idempotency-key, if-match, if-none-match");
/// What a script may read of an answer.
const REPLY_HEADERS: HeaderValue =
    HeaderValue::from_static("etag, idempotency-replayed, ratelimit, ratelimit-policy, retry-after, x-request-id");
/// Seconds for which a browser need not ask again; none keeps it for longer than two hours.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");
const VARY: HeaderValue = HeaderValue::from_static("origin");

/// The origins that are allowed. Nothing unless configured.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    origins: Arc<[String]>,
}

impl Cors {
    /// These origins, each as a browser writes it, or `*` for all.
    pub fn of(origins: impl IntoIterator<Item = String>) -> Self {
        Self { origins: origins.into_iter().collect() }
    }

    /// What to answer to an origin: itself, or `*`.
    fn answer(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        if self.origins.iter().any(|allowed| allowed == "*") {
            return Some(HeaderValue::from_static("*"));
        }
        self.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }
}

/// Middleware: answers browsers that ask whether a script may, and lets scripts of allowed origins read the answers.
pub async fn cors(State(cors): State<Cors>, request: Request, next: Next) -> Response {
    if cors.origins.is_empty() || !request.uri().path().starts_with(DATA) {
        return next.run(request).await;
    }
    let allowed = request.headers().get(header::ORIGIN).and_then(|origin| cors.answer(origin));
    let mut response = match (&allowed, asks_leave(&request)) {
        (Some(_), true) => leave().into_response(),
        _ => next.run(request).await,
    };
    let headers = response.headers_mut();
    // An answer without leave depends on the origin as well.
    headers.append(header::VARY, VARY);
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, REPLY_HEADERS);
    }
    response
}

/// Whether a browser asks before it sends what a script wants.
fn asks_leave(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn leave() -> (StatusCode, HeaderMap) {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    (StatusCode::NO_CONTENT, headers.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    const OURS: &str = "https://app.example.com";
    const PATH: &str = "/v1/namespaces/n/collections/c/query";

    fn app(origins: &[&str]) -> Router {
        let origins = Cors::of(origins.iter().map(|origin| (*origin).to_owned()));
        Router::new()
            .route(PATH, post(async || StatusCode::UNAUTHORIZED))
            .route("/v1/me", post(async || "private"))
            .layer(from_fn_with_state(origins, cors))
    }

    async fn ask(app: Router, method: Method, path: &str, origin: &str) -> (StatusCode, HeaderMap) {
        let mut request = Request::builder().method(&method).uri(path).header("origin", origin);
        if method == Method::OPTIONS {
            request = request
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "authorization,content-type");
        }
        let answer = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        (answer.status(), answer.headers().clone())
    }

    fn allowed(headers: &HeaderMap) -> Option<&str> {
        headers.get("access-control-allow-origin").map(|value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn an_allowed_origin_gets_leave_and_reads_refusals_too() {
        let (status, headers) = ask(app(&[OURS]), Method::OPTIONS, PATH, OURS).await;
        assert_eq!((status, allowed(&headers)), (StatusCode::NO_CONTENT, Some(OURS)));
        assert_eq!(headers["access-control-max-age"], "7200");
        assert!(headers["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
        let (status, headers) = ask(app(&[OURS]), Method::POST, PATH, OURS).await;
        assert_eq!((status, allowed(&headers)), (StatusCode::UNAUTHORIZED, Some(OURS)));
        assert_eq!(headers["vary"], "origin");
    }

    #[tokio::test]
    async fn nobody_else_gets_any_and_no_path_but_those_of_data() {
        for origin in ["https://evil.example", "https://app.example.com.evil.example", "http://app.example.com", "null"]
        {
            let (status, headers) = ask(app(&[OURS]), Method::OPTIONS, PATH, origin).await;
            assert_eq!((status, allowed(&headers)), (StatusCode::METHOD_NOT_ALLOWED, None), "{origin}");
            let (_, headers) = ask(app(&[OURS]), Method::POST, PATH, origin).await;
            assert!(allowed(&headers).is_none() && headers["vary"] == "origin", "{origin}");
        }
        for (origins, path) in [(&[OURS][..], "/v1/me"), (&["*"], "/v1/me"), (&[], PATH)] {
            for method in [Method::OPTIONS, Method::POST] {
                let (_, headers) = ask(app(origins), method, path, OURS).await;
                assert_eq!(allowed(&headers), None, "{origins:?} {path}");
            }
        }
    }

    #[tokio::test]
    async fn credentials_are_never_allowed() {
        for origins in [OURS, "*"] {
            let (_, headers) = ask(app(&[origins]), Method::OPTIONS, PATH, OURS).await;
            assert!(allowed(&headers).is_some() && !headers.contains_key("access-control-allow-credentials"));
        }
    }
}
