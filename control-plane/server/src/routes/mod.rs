//! One file for each operation, by resource.

mod api_keys;
mod auth;
mod console_tokens;
mod edition;
mod idempotency;
pub(crate) mod internal;
mod me;
mod namespaces;
mod organizations;
mod page;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::state::AppState;

/// Operations of people, who are no part of an organisation yet or of several.
pub(crate) fn people() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::sign_up::sign_up))
        .routes(routes!(auth::verify_email::verify_email))
        .routes(routes!(auth::log_in::log_in))
        .routes(routes!(auth::log_out::log_out))
        .routes(routes!(auth::list_captured_mail::list_captured_mail))
        .routes(routes!(me::get::get_me))
}

/// Operations of one organisation, to be put behind the access layer.
pub(crate) fn organization() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(organizations::get::get_organization))
        .routes(routes!(edition::get::get_edition))
        .routes(routes!(api_keys::list::list_api_keys, api_keys::create::create_api_key))
        .routes(routes!(api_keys::get::get_api_key, api_keys::update::update_api_key, api_keys::revoke::revoke_api_key))
        .routes(routes!(api_keys::rotate::rotate_api_key))
        .routes(routes!(console_tokens::create::create_console_token))
        .routes(routes!(namespaces::list::list_namespaces))
        .routes(routes!(
            namespaces::put::put_namespace,
            namespaces::get::get_namespace,
            namespaces::delete::delete_namespace
        ))
}
