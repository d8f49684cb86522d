//! One file for each operation, by resource.

mod api_keys;
mod audit_events;
mod auth;
mod console_tokens;
mod edition;
mod idempotency;
pub(crate) mod internal;
mod invitations;
mod me;
mod members;
mod namespaces;
mod organizations;
mod page;
mod sessions;
mod totp;
mod version;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::state::AppState;

/// Operations of people, who are no part of an organisation yet or of several.
pub(crate) fn people() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(auth::sign_up::sign_up))
        .routes(routes!(auth::verify_email::verify_email))
        .routes(routes!(auth::log_in::log_in))
        .routes(routes!(auth::finish_log_in::finish_log_in))
        .routes(routes!(auth::log_out::log_out))
        .routes(routes!(auth::forgot_password::forgot_password))
        .routes(routes!(auth::reset_password::reset_password))
        .routes(routes!(auth::confirm_email::confirm_email))
        .routes(routes!(auth::list_captured_mail::list_captured_mail))
        .routes(routes!(me::get::get_me, me::delete::delete_me))
        .routes(routes!(me::change_password::change_password))
        .routes(routes!(me::change_email::change_email))
        .routes(routes!(totp::begin::begin_totp, totp::remove::remove_totp))
        .routes(routes!(totp::confirm::confirm_totp))
        .routes(routes!(totp::replace_recovery_codes::replace_recovery_codes))
        .routes(routes!(me::accept_invitation::accept_invitation))
        .routes(routes!(sessions::list::list_sessions, sessions::end_others::end_other_sessions))
        .routes(routes!(sessions::end::end_session))
        .routes(routes!(organizations::create::create_organization))
}

/// Operations of one organisation, to be put behind the access layer.
pub(crate) fn organization() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(organizations::get::get_organization, organizations::update::update_organization))
        .routes(routes!(members::list::list_members))
        .routes(routes!(members::update::update_member, members::remove::remove_member))
        .routes(routes!(invitations::list::list_invitations, invitations::create::create_invitation))
        .routes(routes!(invitations::revoke::revoke_invitation))
        .routes(routes!(edition::get::get_edition))
        .routes(routes!(api_keys::list::list_api_keys, api_keys::create::create_api_key))
        .routes(routes!(api_keys::get::get_api_key, api_keys::update::update_api_key, api_keys::revoke::revoke_api_key))
        .routes(routes!(api_keys::rotate::rotate_api_key))
        .routes(routes!(console_tokens::create::create_console_token))
        .routes(routes!(audit_events::list::list_audit_events))
        .routes(routes!(audit_events::get::get_audit_event))
        .routes(routes!(namespaces::list::list_namespaces))
        .routes(routes!(
            namespaces::put::put_namespace,
            namespaces::get::get_namespace,
            namespaces::update::update_namespace,
            namespaces::delete::delete_namespace
        ))
        .routes(routes!(namespaces::undelete::undelete_namespace))
        .routes(routes!(namespaces::suspend::suspend_namespace))
        .routes(routes!(namespaces::resume::resume_namespace))
}
