use agentdb_control_plane_store::AuditAction;

/// What an operation's path says of the thing that it is done to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Named {
    /// Nothing: the thing is made by the operation.
    Nothing,
    /// Its identifier, in this parameter.
    Id(&'static str),
    /// Its name, in this parameter.
    Name(&'static str),
}

/// The operations that change something of an organisation, by method and path, with what a refused attempt is recorded
/// as. What is done the operation records itself: it alone knows whether anything has changed.
pub(super) const OPERATIONS: &[(&str, &str, AuditAction, Named)] = &[
    ("PATCH", "/v1/orgs/{org}", AuditAction::OrganizationUpdate, Named::Id("org")),
    ("PATCH", "/v1/orgs/{org}/members/{user}", AuditAction::MemberUpdate, Named::Id("user")),
    ("DELETE", "/v1/orgs/{org}/members/{user}", AuditAction::MemberRemove, Named::Id("user")),
    ("POST", "/v1/orgs/{org}/invitations", AuditAction::InvitationCreate, Named::Nothing),
    ("DELETE", "/v1/orgs/{org}/invitations/{invitation}", AuditAction::InvitationRevoke, Named::Id("invitation")),
    ("POST", "/v1/orgs/{org}/api-keys", AuditAction::ApiKeyCreate, Named::Nothing),
    ("PATCH", "/v1/orgs/{org}/api-keys/{key}", AuditAction::ApiKeyUpdate, Named::Id("key")),
    ("POST", "/v1/orgs/{org}/api-keys/{key}/rotate", AuditAction::ApiKeyRotate, Named::Id("key")),
    ("DELETE", "/v1/orgs/{org}/api-keys/{key}", AuditAction::ApiKeyRevoke, Named::Id("key")),
    ("PUT", "/v1/orgs/{org}/namespaces/{ns}", AuditAction::NamespaceCreate, Named::Name("ns")),
    ("PATCH", "/v1/orgs/{org}/namespaces/{ns}", AuditAction::NamespaceUpdate, Named::Name("ns")),
    ("DELETE", "/v1/orgs/{org}/namespaces/{ns}", AuditAction::NamespaceDelete, Named::Name("ns")),
    ("POST", "/v1/orgs/{org}/namespaces/{ns}/undelete", AuditAction::NamespaceUndelete, Named::Name("ns")),
    ("POST", "/v1/orgs/{org}/namespaces/{ns}/suspend", AuditAction::NamespaceSuspend, Named::Name("ns")),
    ("POST", "/v1/orgs/{org}/namespaces/{ns}/resume", AuditAction::NamespaceResume, Named::Name("ns")),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Operations that change something and are not recorded, with the reason.
    const NOT_RECORDED: &[(&str, &str, &str)] = &[(
        "POST",
        "/v1/orgs/{org}/console-tokens",
        "the console takes one every few minutes for a person who is signed in; what they do with it is not control",
    )];

    #[test]
    fn every_operation_that_changes_an_organisation_is_recorded_or_has_a_reason_not_to_be() {
        let description = serde_json::to_value(crate::openapi()).expect("a description is JSON");
        let paths = description["paths"].as_object().expect("paths");
        let mut described = Vec::new();
        for (path, item) in paths.iter().filter(|(path, _)| path.starts_with("/v1/orgs/")) {
            for method in item.as_object().expect("operations").keys().filter(|method| *method != "get") {
                described.push((method.to_uppercase(), path.clone()));
            }
        }
        let recorded = OPERATIONS.iter().map(|(method, path, ..)| (*method, *path));
        let not_recorded = NOT_RECORDED.iter().map(|(method, path, _)| (*method, *path));
        let mut listed: Vec<_> =
            recorded.chain(not_recorded).map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
        described.sort_unstable();
        listed.sort_unstable();
        assert_eq!(described, listed, "each operation once, in OPERATIONS or in NOT_RECORDED");
    }

    #[test]
    fn what_names_the_thing_is_a_parameter_of_the_path() {
        for (_, path, _, named) in OPERATIONS {
            match named {
                Named::Nothing => {}
                Named::Id(name) | Named::Name(name) => assert!(path.contains(&format!("{{{name}}}")), "{path}"),
            }
        }
    }
}
