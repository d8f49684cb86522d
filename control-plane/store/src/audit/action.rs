macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// What is done to a thing of an organisation: the thing, a dot, the verb. A text never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AuditAction { $($(#[$doc])* $name,)+ }

        impl AuditAction {
            /// All that there are.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The text in JSON and SQL.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

actions! {
    /// An API key is made.
    ApiKeyCreate = "api_key.create";
    /// What an API key is called or may do is changed.
    ApiKeyUpdate = "api_key.update";
    /// An API key gets another secret.
    ApiKeyRotate = "api_key.rotate";
    /// An API key ends.
    ApiKeyRevoke = "api_key.revoke";
    /// A namespace is made.
    NamespaceCreate = "namespace.create";
    /// The labels of a namespace are changed.
    NamespaceUpdate = "namespace.update";
    /// A namespace is deleted; its data are kept for a while.
    NamespaceDelete = "namespace.delete";
    /// A deleted namespace is had back.
    NamespaceUndelete = "namespace.undelete";
    /// A deleted namespace cannot be had back any more, and its data are removed.
    NamespacePurge = "namespace.purge";
    /// Requests to a namespace are refused from now on.
    NamespaceSuspend = "namespace.suspend";
    /// Requests to a namespace are served again.
    NamespaceResume = "namespace.resume";
    /// The organisation is made by somebody who has an account.
    OrganizationCreate = "organization.create";
    /// What is said of the organisation itself is changed.
    OrganizationUpdate = "organization.update";
    /// The role of a member is changed.
    MemberUpdate = "member.update";
    /// Somebody belongs to the organisation no more.
    MemberRemove = "member.remove";
    /// Somebody is asked to join.
    InvitationCreate = "invitation.create";
    /// Who was asked has joined.
    InvitationAccept = "invitation.accept";
    /// Who was asked may not join any more.
    InvitationRevoke = "invitation.revoke";
}

impl AuditAction {
    /// The kind of thing that it is done to.
    #[must_use]
    pub fn target_kind(self) -> &'static str {
        self.as_str().split_once('.').map_or(self.as_str(), |(kind, _)| kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_a_thing_and_a_verb_and_stands_once() {
        let mut texts: Vec<_> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
        for action in AuditAction::ALL {
            let (kind, verb) = action.as_str().split_once('.').expect("a thing and a verb");
            assert_eq!(action.target_kind(), kind);
            let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            assert!(plain(kind) && plain(verb), "{}", action.as_str());
        }
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), AuditAction::ALL.len());
    }
}
