//! Somebody with an organisation, and other things that tests begin with.

use std::sync::Arc;

use agentdb_clock::{Clock as _, ManualClock, SystemEntropy};
use agentdb_control_plane_contract::{ApiKeyToken, KeyKind, NamespacePattern, Role, Scope};
use agentdb_control_plane_store::{
    Deletion, LifeEvent, NamespaceMove, NamespaceRecord, NewApiKey, NewIdentity, NewInvitation, NewMail, NewNamespace,
    NewSignup, Stores,
};
use agentdb_ids::{ApiKeyId, InvitationId, NamespaceId, NodeId, OrgId, UserId};
use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::postgres::TestPostgres;

/// A store, a clock that stands still, and the server that must outlive both.
pub struct World {
    pub stores: Stores,
    pub clock: Arc<ManualClock>,
    pub server: TestPostgres,
}

impl World {
    pub async fn new() -> Self {
        let server = TestPostgres::start().await;
        let noon = "2026-03-01T12:00:00Z".parse::<DateTime<Utc>>().expect("a time");
        Self { stores: server.stores().await, clock: Arc::new(ManualClock::at(noon)), server }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A person and their organisation.
    pub async fn account(&self, email: &str) -> (UserId, OrgId) {
        let identity = NewIdentity {
            user_id: UserId::generate(&*self.clock, &SystemEntropy),
            org_id: OrgId::generate(&*self.clock, &SystemEntropy),
        };
        let token = Uuid::new_v4();
        self.sign_up(email, token, "hash").await;
        let user = self.stores.people().complete_signup(sha(token), identity, self.now()).await.expect("the store");
        assert_eq!(user.expect("the token is good").id, identity.user_id);
        (identity.user_id, identity.org_id)
    }

    /// Somebody else who belongs to an organisation, and to one of their own.
    pub async fn member(&self, org_id: OrgId, email: &str, role: Role) -> UserId {
        let (user_id, _) = self.account(email).await;
        let mut org = self.stores.org(org_id).await.expect("the store");
        assert!(org.add_member(user_id, role, self.now()).await.expect("the store"), "belongs to it already");
        org.commit().await.expect("the store");
        user_id
    }

    /// An invitation for a week; the link of the mail is the token.
    pub async fn invite(&self, org_id: OrgId, by: UserId, email: &str, role: Role, token: Uuid) -> InvitationId {
        let id = InvitationId::generate(&*self.clock, &SystemEntropy);
        let (link, expires_at) = (token.to_string(), self.now() + Duration::days(7));
        let mail = NewMail {
            id: Uuid::now_v7(),
            to: email,
            subject: "invited",
            body: "text",
            link: Some(&link),
            at: self.now(),
            expires_at,
        };
        let invitation = NewInvitation {
            id,
            token_sha256: sha(token),
            email,
            role,
            invited_by: by,
            created_at: self.now(),
            expires_at,
        };
        let mut org = self.stores.org(org_id).await.expect("the store");
        org.add_invitation(&invitation, &mail).await.expect("the store");
        org.commit().await.expect("the store");
        id
    }

    /// The link of the mail is the token.
    pub async fn sign_up(&self, email: &str, token: Uuid, password_hash: &str) {
        let link = token.to_string();
        let mail = |subject| NewMail {
            id: Uuid::now_v7(),
            to: email,
            subject,
            body: "text",
            link: Some(&link),
            at: self.now(),
            expires_at: self.now() + Duration::hours(24),
        };
        let signup = NewSignup {
            token_sha256: sha(token),
            browser_sha256: browser_sha(token),
            email,
            password_hash,
            organization_name: "Org",
            created_at: self.now(),
            expires_at: self.now() + Duration::hours(24),
        };
        self.stores.people().add_signup(&signup, &mail("verify"), &mail("notice")).await.expect("the store");
    }

    /// A node that has said hello.
    pub async fn node(&self) -> NodeId {
        let id = NodeId::generate(&*self.clock, &SystemEntropy);
        self.stores.jobs().hear_node(id, 0, &[], self.now()).await.expect("the store").expect("known");
        id
    }

    /// A namespace, placed if there is a node.
    pub async fn namespace(&self, org_id: OrgId, name: &str) -> NamespaceRecord {
        let mut org = self.stores.org(org_id).await.expect("the store");
        org.lock_organization().await.expect("the store").expect("the organisation");
        let id = NamespaceId::generate(&*self.clock, &SystemEntropy);
        let new = NewNamespace { id, name, labels: &json!({}), created_at: self.now() };
        let record = org.add_namespace(&new).await.expect("the store").expect("the name is free");
        org.place_namespace(id, self.now() - Duration::minutes(1), self.now()).await.expect("the store");
        org.commit().await.expect("the store");
        record
    }

    /// Lets something happen to a namespace.
    pub async fn happens(&self, org_id: OrgId, id: NamespaceId, event: LifeEvent) -> NamespaceMove {
        let mut org = self.stores.org(org_id).await.expect("the store");
        org.lock_organization().await.expect("the store").expect("the organisation");
        let moved = org.move_namespace(id, event, None, self.now()).await.expect("the store").expect("it is there");
        org.commit().await.expect("the store");
        moved
    }

    /// Deletes a namespace, for good.
    pub async fn purge(&self, org_id: OrgId, id: NamespaceId) {
        for event in [self.deletion(0), LifeEvent::Purge] {
            assert!(matches!(self.happens(org_id, id, event).await, NamespaceMove::Made(_)), "{event:?}");
        }
    }

    /// The deletion of now, with so many seconds in which the namespace can be had back.
    pub fn deletion(&self, grace_s: i64) -> LifeEvent {
        LifeEvent::Delete(Deletion { at: self.now(), purge_after: self.now() + Duration::seconds(grace_s) })
    }

    pub async fn key(&self, org_id: OrgId, kind: KeyKind, expires_at: Option<DateTime<Utc>>) -> ApiKeyToken {
        self.key_of(org_id, kind, expires_at, None, "*").await
    }

    /// A key that somebody made for some namespaces.
    pub async fn key_of(
        &self,
        org_id: OrgId,
        kind: KeyKind,
        expires_at: Option<DateTime<Utc>>,
        created_by: Option<UserId>,
        namespaces: &str,
    ) -> ApiKeyToken {
        let token = ApiKeyToken::generate(ApiKeyId::generate(&*self.clock, &SystemEntropy), &SystemEntropy);
        let mut org = self.stores.org(org_id).await.expect("the store");
        org.add_api_key(&NewApiKey {
            id: token.key_id(),
            kind,
            name: "key",
            token_sha256: &token.sha256(),
            scopes: &[Scope::Read, Scope::Admin],
            namespaces: &pattern(namespaces),
            allowed_addresses: &[],
            limits: agentdb_control_plane_contract::KeyLimits::default(),
            created_by,
            created_at: self.now(),
            expires_at,
            replaces: None,
        })
        .await
        .expect("the store");
        org.commit().await.expect("the store");
        token
    }
}

pub fn pattern(text: &str) -> NamespacePattern {
    text.to_owned().try_into().expect("a pattern")
}

/// Stands for the hash of the cookie of the browser in which the sign-up of `token` was made.
pub fn browser_sha(token: Uuid) -> [u8; 32] {
    sha(token).map(|byte| byte ^ 0xff)
}

/// Stands for the hash of a token.
pub fn sha(token: Uuid) -> [u8; 32] {
    let mut bytes = [7; 32];
    bytes[..16].copy_from_slice(token.as_bytes());
    bytes
}
