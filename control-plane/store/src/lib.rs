//! The metadata of the control plane in PostgreSQL, schema `control`.
//!
//! Owns: roles, migrations, every SQL statement of this plane; one folder for each aggregate. Does not own: who may do
//! what, limits, wording. Invariants: a table that belongs to an organisation is reached only through an [`OrgTx`],
//! which has set `app.org_id`, or behind the scenes through [`Jobs`]; row-level security is the second wall behind
//! each `WHERE org_id = …`. What a node must know is published, and what people do is recorded, in the
//! transaction that makes it true. Fails with [`StoreError`], whose `Unavailable` is worth another try.

mod api_keys;
mod audit;
mod cleanup;
mod error;
mod idempotency;
mod invitations;
mod lockout;
mod mail;
mod memberships;
mod migrate;
mod namespaces;
mod nodes;
mod organizations;
mod policy;
mod roles;
mod sessions;
mod signups;
mod stores;
mod totp;
mod users;

pub use api_keys::{ApiKeyRecord, FoundKey, NewApiKey};
pub use audit::{
    AuditAction, AuditActor, AuditCaller, AuditDetails, AuditEvent, AuditFilter, AuditOutcome, AuditRecord,
    AuditTarget, AuditTargetId,
};
pub use cleanup::CleanUp;
pub use error::StoreError;
pub use idempotency::KeptAnswer;
pub use invitations::{InvitationRecord, NewInvitation};
pub use mail::{CapturedMail, MailId, NewMail, OutgoingMail};
pub use memberships::{MAX_MEMBERSHIPS, MemberRecord, Membership};
pub use migrate::{MigrateError, migrate};
pub use namespaces::{
    Deletion, LabelFilter, LifeEvent, LifeRefusal, NamespaceFilter, NamespaceLife, NamespaceMove, NamespaceRecord,
    NamespaceStatus, NewNamespace, Placement,
};
pub use nodes::NodeCursors;
pub use organizations::{NewOrganization, OrganizationChange, OrganizationRecord};
pub use policy::{Feed, FeedItem, PolicyChanges, PolicyState};
pub use roles::{RolePasswords, ensure_roles};
pub use sessions::{LogInEnd, NewChallenge, NewSession, OwnSession, SessionRecord, SessionStart};
pub use signups::{NewIdentity, NewSignup, PendingSignup};
pub use stores::{Jobs, OrgTx, People, PersonTx, Stores};
pub use totp::{FactorProof, NewTotpFactor, SealedSeed, TOTP_PENDING, TotpFactor, TotpFactorId, TotpRemoval};
pub use users::{ACCOUNT_GRACE, AccountDeletion, Credentials, NewEmailChange, NewLink, OwnedOrganization, User};

/// What the pools of [`Stores`] are built with.
pub use sqlx;
