//! Every operation of the description, and those that are exempt.

use agentdb_tests::harness::Api;
use anyhow::{Context as _, Result, ensure};
use reqwest::Method;

/// Operations that are not about an organisation's things, with the reason. Everything else is tried.
const EXEMPT: [(&str, &str); 20] = [
    ("/v1/auth/signup", "makes a person; the answer is the same whether the address is known or not"),
    ("/v1/auth/verify", "proven by the token of a mail together with the password or the cookie of the sign-up"),
    ("/v1/auth/login", "proven by the password"),
    ("/v1/auth/totp", "proven by the second factor, in the browser whose log-in waits for it"),
    ("/v1/auth/logout", "ends the caller's own session, and names nothing"),
    ("/v1/auth/password/forgot", "the answer is the same whether the address is known or not"),
    ("/v1/auth/password/reset", "proven by the token of a mail"),
    ("/v1/auth/email/confirm", "proven by the token of a mail"),
    ("/v1/auth/captured-mail", "only while no mail server is configured, for trying the service on one's own machine"),
    ("/v1/me", "shows the caller to the caller, or ends the caller's account, and names nothing"),
    ("/v1/me/password", "changes the caller's own, proven by the one before, and names nothing"),
    ("/v1/me/email", "changes the caller's own, proven by the password; the same whether the new one is known or not"),
    ("/v1/me/sessions", "shows and ends the caller's own sessions, and names nothing"),
    ("/v1/me/totp", "changes the caller's own second factor, proven by password and code, and names nothing"),
    ("/v1/me/totp/confirm", "changes the caller's own, proven by a code, and names nothing"),
    ("/v1/me/totp/recovery-codes", "changes the caller's own, proven by a code, and names nothing"),
    ("/v1/me/invitations/accept", "proven by the token of a mail together with the session of the address it went to"),
    ("/v1/orgs", "makes an organisation of the caller's own, and names nothing"),
    ("/healthz", "tells nothing of anybody"),
    ("/readyz", "tells nothing of anybody"),
];

/// An operation of the description.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: Method,
    /// With `{parameters}`.
    pub path: String,
    /// Whether it reads a body.
    pub body: bool,
}

/// Everything that is to be tried.
pub async fn operations(anonymous: &Api) -> Result<Vec<Operation>> {
    let description = anonymous.get("/openapi.json").await?.expect(200)?.json;
    let paths = description["paths"].as_object().context("the description has no paths")?;
    for (path, reason) in EXEMPT.iter().filter(|(path, _)| path.starts_with("/v1")) {
        ensure!(paths.contains_key(*path), "{path} is exempt ({reason}) and no longer there");
    }
    let mut operations = Vec::new();
    for (path, item) in paths.iter().filter(|(path, _)| EXEMPT.iter().all(|(exempt, _)| exempt != path)) {
        for (name, operation) in item.as_object().context("a path without operations")? {
            let Ok(method) = Method::from_bytes(name.to_uppercase().as_bytes()) else { continue };
            let known = ["GET", "PUT", "POST", "PATCH", "DELETE"].contains(&method.as_str());
            if known {
                operations.push(Operation { method, path: path.clone(), body: operation["requestBody"].is_object() });
            }
        }
    }
    Ok(operations)
}
