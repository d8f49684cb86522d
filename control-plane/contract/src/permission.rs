//! What each role may do.

use crate::Role;

/// Something that not every member of an organisation may do. Seeing everything is no permission: every member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Write data with the console.
    WriteData,
    /// Make, change, suspend, delete and undelete namespaces.
    ManageNamespaces,
    /// Make and revoke API keys.
    ManageApiKeys,
    /// Change what concerns money.
    ManageBilling,
    /// Change the organisation itself, such as its name.
    ManageOrganization,
    /// Invite people, give them roles and remove them; owners only with [`Self::ManageOwners`].
    ManageMembers,
    /// Make owners, and remove them or take the role from them.
    ManageOwners,
    /// Remove the data of a deleted namespace before its time.
    PurgeNamespaces,
    /// Delete the organisation.
    DeleteOrganization,
}

impl Permission {
    /// The matrix: the roles that may.
    #[must_use]
    pub const fn roles(self) -> &'static [Role] {
        match self {
            Self::WriteData | Self::ManageNamespaces | Self::ManageApiKeys => {
                &[Role::Developer, Role::Admin, Role::Owner]
            }
            Self::ManageBilling => &[Role::Billing, Role::Admin, Role::Owner],
            Self::ManageOrganization | Self::ManageMembers | Self::PurgeNamespaces => &[Role::Admin, Role::Owner],
            Self::ManageOwners | Self::DeleteOrganization => &[Role::Owner],
        }
    }
}

impl Role {
    /// Whether the role may do it.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        permission.roles().contains(&self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_of_roles_and_permissions_is_this_one() {
        let (no, yes) = (false, true);
        let matrix = [
            // read_only, billing, developer, admin, owner
            (Permission::WriteData, [no, no, yes, yes, yes]),
            (Permission::ManageNamespaces, [no, no, yes, yes, yes]),
            (Permission::ManageApiKeys, [no, no, yes, yes, yes]),
            (Permission::ManageBilling, [no, yes, no, yes, yes]),
            (Permission::ManageOrganization, [no, no, no, yes, yes]),
            (Permission::ManageMembers, [no, no, no, yes, yes]),
            (Permission::ManageOwners, [no, no, no, no, yes]),
            (Permission::PurgeNamespaces, [no, no, no, yes, yes]),
            (Permission::DeleteOrganization, [no, no, no, no, yes]),
        ];
        // The last variant is the number of those before it: a new one belongs into the table.
        assert_eq!(matrix.len(), Permission::DeleteOrganization as usize + 1);
        for (place, (permission, expected)) in matrix.into_iter().enumerate() {
            assert_eq!(permission as usize, place, "{permission:?}");
            assert_eq!(Role::ALL.map(|role| role.may(permission)), expected, "{permission:?}");
        }
    }

    #[test]
    fn roles_are_written_in_json_as_in_sql() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).expect("JSON"), role.as_str());
        }
        assert!("root".parse::<Role>().is_err());
    }
}
