use std::time::Duration;

use agentdb_control_plane_contract::{ApiKeyToken, PolicyEvent};
use agentdb_control_plane_store::sqlx::{self, PgPool};
use http::Method;
use serde_json::{Value, json};

use crate::service::{Answer, Person, Service, by_key};

async fn me(person: &Person<'_>) -> String {
    person.get("/v1/me").await.body["user"]["id"].as_str().expect("an id").to_owned()
}

async fn give(by: &Person<'_>, user: &str, role: &str) -> Answer {
    by.call(Method::PATCH, &by.path(&format!("/members/{user}")), Some(json!({"role": role}))).await
}

async fn remove(by: &Person<'_>, user: &str) -> Answer {
    by.call(Method::DELETE, &by.path(&format!("/members/{user}")), None).await
}

async fn console_token(person: &Person<'_>) -> Answer {
    person.call(Method::POST, &person.path("/console-tokens"), None).await
}

#[tokio::test]
async fn members_are_listed_with_address_role_and_time_to_all_who_reach_the_whole_organisation() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let (_, all) = owner.key(&["admin"], "*").await;
    let (_, some) = owner.key(&["admin"], "prod-*").await;
    let (reader_id, reader) = owner.colleague("b@example.com", "read_only").await;
    let path = owner.path("/members");
    let list = reader.get(&path).await;
    let items = list.body["items"].as_array().expect("items");
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["email"], &items[0]["role"]), (&json!("a@example.com"), &json!("owner")));
    assert_eq!((&items[1]["user_id"], &items[1]["role"]), (&json!(reader_id), &json!("read_only")));
    assert!(items.iter().all(|item| item["since"].is_string()), "{items:?}");
    let first = owner.get(&format!("{path}?limit=1")).await;
    let next = first.body["next_cursor"].as_str().expect("there is more");
    let second = owner.get(&format!("{path}?limit=1&cursor={next}")).await;
    assert_eq!((&second.body["items"][0], &second.body["next_cursor"]), (&items[1], &Value::Null));
    for query in ["limit=0", "cursor=x", "role=owner"] {
        assert_eq!(owner.get(&format!("{path}?{query}")).await.code(), (400, "invalid_request"), "{query}");
    }
    assert_eq!(by_key(&service, &all, Method::GET, &path, None).await.body, list.body);
    assert_eq!(by_key(&service, &some, Method::GET, &path, None).await.code(), (403, "forbidden"));
}

#[tokio::test]
async fn each_role_does_what_the_matrix_says_from_the_next_request_on() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let (id, member) = owner.colleague("b@example.com", "read_only").await;
    let key = json!({"name": "key", "namespaces": "*", "scopes": ["read"]});
    for (role, develops, manages) in
        [("read_only", false, false), ("billing", false, false), ("developer", true, false), ("admin", true, true)]
    {
        let given = give(&owner, &id, role).await;
        assert_eq!((given.status.as_u16(), &given.body["role"]), (200, &json!(role)));
        assert_eq!(member.get(&member.path("/api-keys")).await.status, 200, "{role} sees everything");
        let made = member.call(Method::POST, &member.path("/api-keys"), Some(key.clone())).await;
        assert_eq!(made.status == 201, develops, "{role}: {made:?}");
        if let Some(id) = made.body["id"].as_str().filter(|_| develops) {
            let revoked = member.call(Method::DELETE, &member.path(&format!("/api-keys/{id}")), None).await;
            assert_eq!(revoked.status, 204, "{role}");
        } else {
            assert_eq!(made.code(), (403, "forbidden"), "{role}");
            assert_eq!(made.body["detail"], "This operation needs the role developer, admin or owner.");
        }
        let renamed = member.call(Method::PATCH, &member.path(""), Some(json!({"name": role}))).await;
        assert_eq!(renamed.status == 200, manages, "{role}: {renamed:?}");
        let invited = member.invite("c@example.com", "read_only").await;
        assert_eq!(invited.status == 201, manages, "{role}: {invited:?}");
    }
}

#[tokio::test]
async fn an_admin_neither_makes_nor_touches_owners() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let owner_id = me(&owner).await;
    let (admin_id, admin) = owner.colleague("b@example.com", "admin").await;
    let (reader_id, reader) = owner.colleague("c@example.com", "read_only").await;
    for answer in [
        give(&admin, &owner_id, "admin").await,
        give(&admin, &owner_id, "owner").await,
        remove(&admin, &owner_id).await,
        give(&admin, &admin_id, "owner").await,
        give(&admin, &reader_id, "owner").await,
    ] {
        assert_eq!(answer.code(), (403, "forbidden"));
        assert_eq!(answer.body["detail"], "This operation needs the role owner.");
    }
    for answer in [give(&reader, &reader_id, "developer").await, remove(&reader, &admin_id).await] {
        assert_eq!(answer.body["detail"], "This operation needs the role admin or owner.", "{answer:?}");
    }
    let roles = owner.get(&owner.path("/members")).await;
    let roles: Vec<_> = roles.body["items"].as_array().expect("items").iter().map(|item| &item["role"]).collect();
    assert_eq!(roles, ["owner", "admin", "read_only"], "nothing has changed");
    assert_eq!(give(&admin, &reader_id, "admin").await.status, 200);
    assert_eq!(give(&admin, &reader_id, "admin").await.status, 200, "may be repeated");
    assert_eq!(remove(&reader, &admin_id).await.status, 204);
}

#[tokio::test]
async fn the_last_owner_keeps_the_role_and_stays() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let owner_id = me(&owner).await;
    let (second_id, second) = owner.colleague("b@example.com", "admin").await;
    for answer in [give(&owner, &owner_id, "admin").await, remove(&owner, &owner_id).await] {
        assert_eq!(answer.code(), (409, "conflict"));
        assert!(answer.body["detail"].as_str().expect("text").contains("only owner"), "{answer:?}");
    }
    assert_eq!(give(&owner, &second_id, "owner").await.status, 200);
    assert_eq!(give(&second, &owner_id, "developer").await.status, 200);
    assert_eq!(remove(&second, &second_id).await.code(), (409, "conflict"));
    assert_eq!(remove(&owner, &owner_id).await.status, 204, "whoever is no owner leaves");
    assert_eq!(owner.get(&owner.path("")).await.code(), (404, "not_found"));
}

/// Waits until `number` statements of requests wait for a lock.
async fn waiting(admin: &PgPool, number: i64) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'agentdb_app' AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waits).fetch_one(admin).await.expect("an answer") < number {
        assert!(tokio::time::Instant::now() < deadline, "{number} requests wait for a lock");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn of_two_owners_who_leave_or_remove_each_other_at_the_same_moment_one_stays() {
    let service = Service::start().await;
    let first = service.person("a@example.com").await;
    let first_id = me(&first).await;
    let (second_id, second) = first.colleague("b@example.com", "owner").await;
    let admin = service.server.pool("postgres", 2).await;
    // Both are let in as owners, and wait.
    let at_once = async |one: &str, other: &str| {
        let mut lock = agentdb_transaction::begin(&admin).await.expect("a transaction");
        sqlx::query("SELECT FROM control.organizations FOR UPDATE").execute(&mut *lock).await.expect("locked");
        let mut answers = std::pin::pin!(futures::future::join(remove(&first, one), remove(&second, other)));
        tokio::select! {
            answers = &mut answers => panic!("done before the organisation was free: {answers:?}"),
            () = waiting(&admin, 2) => {}
        }
        lock.commit().await.expect("released");
        let (one, other) = answers.await;
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        statuses
    };
    assert_eq!(at_once(&first_id, &second_id).await, [204, 409], "both leave");
    // To the second it is the second invitation.
    let (stays, back, email, sent) = if first.get(&first.path("")).await.status == 200 {
        (&first, &second, "b@example.com", 2)
    } else {
        (&second, &first, "a@example.com", 1)
    };
    assert_eq!(stays.invite(email, "owner").await.status, 201);
    assert_eq!(back.accept(&service.invitation(email, sent).await).await.status, 200);
    assert_eq!(at_once(&second_id, &first_id).await, [204, 404], "who is removed first removes nobody");
}

#[tokio::test]
async fn with_the_membership_or_the_role_the_console_tokens_end_at_once() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let (id, member) = owner.colleague("b@example.com", "developer").await;
    let node = service.node().await;
    let token = async |person: &Person<'_>| {
        let answer = console_token(person).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        ApiKeyToken::parse(answer.body["token"].as_str().expect("a token")).expect("a key").key_id()
    };
    let (kept, before) = (token(&owner).await, token(&member).await);
    let cursor = node.poll(0, 0).await.cursor;
    assert_eq!(give(&owner, &id, "read_only").await.status, 200);
    let after = token(&member).await;
    let grant = node.client.grant(after).await.expect("an answer").expect("good");
    assert_eq!(serde_json::to_value(&grant.scopes).expect("JSON"), json!(["read"]), "the rights of the new role");
    assert_eq!(remove(&owner, &id).await.status, 204);
    let told: Vec<_> = node.poll(cursor, 0).await.events;
    let ended = [before, after].map(|key_id| PolicyEvent::KeyChanged { key_id, version: 2 });
    assert_eq!(told, ended);
    for key_id in [before, after] {
        assert!(node.client.grant(key_id).await.expect("an answer").is_none());
    }
    assert!(node.client.grant(kept).await.expect("an answer").is_some(), "of another member");
    assert_eq!(console_token(&member).await.code(), (404, "not_found"));
    assert_eq!(member.get(&member.path("/members")).await.code(), (404, "not_found"));
    assert_eq!(remove(&owner, &id).await.code(), (404, "not_found"));
}

#[tokio::test]
async fn no_console_token_is_made_for_who_is_removed_after_the_request_was_let_in() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let (_, member) = owner.colleague("b@example.com", "developer").await;
    let admin = service.server.pool("postgres", 2).await;
    let mut removing = agentdb_transaction::begin(&admin).await.expect("a transaction");
    sqlx::query("SELECT FROM control.organizations FOR UPDATE").execute(&mut *removing).await.expect("locked");
    let mut making = std::pin::pin!(console_token(&member));
    tokio::select! {
        answer = &mut making => panic!("made before the organisation was free: {answer:?}"),
        () = waiting(&admin, 1) => {}
    }
    let delete = "DELETE FROM control.memberships WHERE role = 'developer'";
    sqlx::query(delete).execute(&mut *removing).await.expect("removed");
    removing.commit().await.expect("released");
    assert_eq!(making.await.code(), (404, "not_found"));
}

#[tokio::test]
async fn keys_manage_no_people_and_who_is_not_there_is_the_one_404() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let stranger = service.person("z@example.com").await;
    let stranger_id = me(&stranger).await;
    let (_, key) = owner.key(&["read", "write", "admin"], "*").await;
    let (id, _) = owner.colleague("b@example.com", "read_only").await;
    let member = owner.path(&format!("/members/{id}"));
    let invitation = json!({"email": "c@example.com", "role": "read_only"});
    for answer in [
        by_key(&service, &key, Method::PATCH, &member, Some(json!({"role": "admin"}))).await,
        by_key(&service, &key, Method::DELETE, &member, None).await,
        by_key(&service, &key, Method::POST, &owner.path("/invitations"), Some(invitation)).await,
    ] {
        assert_eq!(answer.code(), (403, "forbidden"));
    }
    let nowhere = give(&owner, "usr_nonsense", "admin").await.comparable();
    for user in [stranger_id.as_str(), "usr_01jc00000000000000000000zz", "x"] {
        for answer in [give(&owner, user, "admin").await, remove(&owner, user).await] {
            assert_eq!((answer.code(), answer.comparable()), ((404, "not_found"), nowhere.clone()), "{user}");
        }
        let path = owner.path(&format!("/members/{user}"));
        let answer = by_key(&service, &key, Method::DELETE, &path, None).await;
        assert_eq!((answer.code(), answer.comparable()), ((404, "not_found"), nowhere.clone()), "{user}");
    }
    for (body, pointer) in
        [(json!({}), "/role"), (json!({"role": "root"}), "/role"), (json!({"role": "admin", "email": "x"}), "/email")]
    {
        let answer = owner.call(Method::PATCH, &member, Some(body.clone())).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{body}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}");
    }
}
