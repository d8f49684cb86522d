//! What every answer tells a browser, whatever it answers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, header};

/// For answers that are no page of the console, which has a policy of its own: nothing is loaded, run or framed.
const NOTHING: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// What a page of ours never needs.
const NO_DEVICES: &str = "accelerometer=(), autoplay=(), bluetooth=(), camera=(), display-capture=(), geolocation=(), \
     gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()";
/// A year of nothing but TLS. Other names under ours are not ours to speak for.
const ONLY_TLS: &str = "max-age=31536000";

/// The headers of a process.
#[derive(Clone)]
pub struct Hardening(Arc<[(HeaderName, HeaderValue)]>);

impl Hardening {
    /// `https`: whether people reach the process by TLS.
    pub fn of(https: bool) -> Self {
        let always = [
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::CONTENT_SECURITY_POLICY, NOTHING),
            (HeaderName::from_static("permissions-policy"), NO_DEVICES),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        ];
        let only_tls = https.then_some((header::STRICT_TRANSPORT_SECURITY, ONLY_TLS));
        Self(always.into_iter().chain(only_tls).map(|(name, text)| (name, HeaderValue::from_static(text))).collect())
    }
}

/// Middleware: adds what the answer does not say itself.
pub async fn harden(State(hardening): State<Hardening>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in hardening.0.iter() {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}
