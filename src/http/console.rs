//! The web app, embedded in the program.

use axum::body::Body;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use rust_embed::{EmbeddedFile, RustEmbed};

/// The build of `console/`. A program built without it serves the API alone.
#[derive(RustEmbed)]
#[folder = "console/dist"]
#[allow_missing = true]
struct Assets;

/// Nothing from elsewhere, nothing inline, no frames, no plug-ins.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// Files whose name carries a hash of their content never change.
const FOREVER: &str = "public, max-age=31536000, immutable";
/// All others are asked for again each time, and answered from their tag.
const REVALIDATE: &str = "no-cache";

/// Answers a path that is no API path: the file of that name, or the app itself, which has routes of its own.
pub fn respond(method: &Method, uri: &Uri, if_none_match: Option<&HeaderValue>) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return agentdb_problem::Problem::not_found().into_response();
    }
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        "docs/" => return Redirect::permanent("/docs").into_response(),
        "docs" => "docs.html",
        path => path,
    };
    if let Some(file) = Assets::get(path) {
        return reply(path, &file, if_none_match);
    }
    // A missing file must not be answered with a page: the browser would take it for the script it asked for.
    let names_a_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    match Assets::get("index.html") {
        Some(_) if names_a_file => agentdb_problem::Problem::not_found().into_response(),
        Some(index) => reply("index.html", &index, if_none_match),
        None => not_built(),
    }
}

fn reply(path: &str, file: &EmbeddedFile, if_none_match: Option<&HeaderValue>) -> Response {
    let hash: String = file.metadata.sha256_hash().iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hash}\"");
    let unchanged = if_none_match.is_some_and(|theirs| theirs.as_bytes() == tag.as_bytes());
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(file.data.clone()).into_response();
        let kind = match file.metadata.mimetype() {
            text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
            other => other.to_owned(),
        };
        if let Ok(kind) = HeaderValue::from_str(&kind) {
            response.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        response
    };
    let headers = response.headers_mut();
    let cache = if path.starts_with("assets/") { FOREVER } else { REVALIDATE };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn not_built() -> Response {
    let page = "The API is served here, under /v1. This program was built without the console: run `make console`.\n";
    (StatusCode::NOT_FOUND, page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Response {
        respond(&Method::GET, &path.parse().unwrap(), None)
    }

    #[test]
    fn a_missing_script_is_not_answered_with_the_page() {
        assert_eq!(get("/assets/index-00000000.js").status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn only_reading_is_offered() {
        assert_eq!(respond(&Method::POST, &"/".parse().unwrap(), None).status(), StatusCode::NOT_FOUND);
    }
}
