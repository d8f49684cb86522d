use std::{sync::Arc, time::Duration};

use agentdb_clock::ManualClock;
use agentdb_control_plane_server::config::Rate;
use agentdb_control_plane_store::{OrganizationChange, sqlx};
use chrono::DateTime;
use http::{Method, header};
use serde_json::{Value, json};

use crate::service::{Answer, PASSWORD, Person, Service, config, cookie, csrf, request};

fn refused(answer: &Answer) -> (u16, &str, &str) {
    let error = &answer.body["errors"][0];
    let text = |member: &str| error[member].as_str().expect("text");
    (answer.status.as_u16(), text("pointer"), text("code"))
}

const WRONG_TOKEN: (u16, &str, &str) = (400, "/token", "invalid_token");

async fn override_limits(service: &Service, org: &str, overrides: Value) {
    let change = OrganizationChange::LimitOverrides(overrides);
    let org_id = org.parse().expect("an id");
    assert!(service.stores.jobs().change_organization(org_id, &change, DateTime::UNIX_EPOCH).await.expect("the store"));
}

async fn pending(person: &Person<'_>) -> Vec<(String, String)> {
    let list = person.get(&person.path("/invitations")).await;
    let items = list.body["items"].as_array().expect("items");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    items.iter().map(|item| (text(&item["email"]), text(&item["role"]))).collect()
}

#[tokio::test]
async fn from_an_invitation_to_a_member_whether_they_had_an_account_or_not() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    for (email, known) in [("known@example.com", true), ("New@example.com", false)] {
        let account = if known { Some(service.person(email).await) } else { None };
        let invited = owner.invite(email, "developer").await;
        assert_eq!((invited.status.as_u16(), &invited.body["email"]), (201, &json!(email)), "{invited:?}");
        assert_eq!(pending(&owner).await, [(email.to_owned(), "developer".to_owned())]);
        let token = service.invitation(email, 1).await;
        let mails = service.call(Method::GET, &format!("/v1/auth/captured-mail?email={email}"), None).await;
        let text = mails.body["messages"][0]["text"].as_str().expect("text");
        assert!(text.contains("a@example.com") && text.contains("\"Org\"") && text.contains("developer"), "{text}");
        // Who has no account signs up as everybody does.
        let person = match account {
            Some(person) => person,
            None => service.person(&email.to_lowercase()).await,
        };
        let joined = person.accept(&token).await;
        let expected = json!({"id": owner.org, "name": "Org", "role": "developer", "edition": "community"});
        assert_eq!((joined.status.as_u16(), &joined.body), (200, &expected));
        let me = person.get("/v1/me").await;
        let organizations = me.body["organizations"].as_array().expect("organisations");
        assert_eq!(organizations.len(), 2, "the own one and this: {me:?}");
        assert!(organizations.contains(&expected), "{me:?}");
        assert_eq!(person.get(&owner.path("/members")).await.status, 200);
        assert_eq!(refused(&person.accept(&token).await), WRONG_TOKEN, "a link works once");
        assert!(pending(&owner).await.is_empty());
    }
}

#[tokio::test]
async fn the_answer_does_not_tell_whether_an_address_has_an_account() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    service.person("known@example.com").await;
    let mut bodies = Vec::new();
    for email in ["known@example.com", "unknown@example.com"] {
        let answer = owner.invite(email, "admin").await;
        assert_eq!(answer.status, 201);
        let mut body = answer.body.clone();
        for member in ["id", "email", "created_at", "expires_at"] {
            assert!(body.as_object_mut().expect("an object").remove(member).is_some_and(|value| value.is_string()));
        }
        assert!(
            !answer.body.to_string().contains(&service.invitation(email, 1).await),
            "the token is in the mail alone"
        );
        bodies.push(body);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(bodies[0], json!({"role": "admin"}));
}

#[tokio::test]
async fn every_token_that_is_not_good_is_refused_in_the_same_words_without_a_word_of_the_organisation() {
    let clock = ManualClock::at("2026-03-01T12:00:00Z".parse().expect("a time"));
    let service = Service::at(config(), Arc::new(clock.clone())).await;
    let owner = service.person("a@example.com").await;
    let (person, thief) = (service.person("b@example.com").await, service.person("c@example.com").await);
    let invited = async |count: usize| {
        clock.advance(Duration::from_secs(1));
        let answer = owner.invite("B@example.com", "developer").await;
        assert_eq!(answer.status, 201, "{answer:?}");
        (answer.body["id"].as_str().expect("an id").to_owned(), service.invitation("b@example.com", count).await)
    };
    let (_, replaced) = invited(1).await;
    let (id, token) = invited(2).await;
    let mut answers = vec![
        person.accept("guessed").await,
        person.accept("").await,
        person.accept(&replaced).await,
        thief.accept(&token).await,
    ];
    let path = owner.path(&format!("/invitations/{id}"));
    assert_eq!(owner.call(Method::DELETE, &path, None).await.status, 204);
    assert_eq!(owner.call(Method::DELETE, &path, None).await.code(), (404, "not_found"));
    answers.push(person.accept(&token).await);
    let (_, token) = invited(3).await;
    clock.advance(Duration::from_secs(7 * 86_400));
    // Everybody's session has been idle for too long by now.
    let login = json!({"email": "b@example.com", "password": PASSWORD});
    let login = service.call(Method::POST, "/v1/auth/login", Some(login)).await;
    let person = Person { service: &service, cookie: cookie(&login), csrf: csrf(&login), org: String::new() };
    answers.push(person.accept(&token).await);
    for answer in &answers {
        assert_eq!(refused(answer), WRONG_TOKEN);
        assert_eq!(answer.comparable(), answers[0].comparable());
    }
    assert_eq!(person.get("/v1/me").await.body["organizations"].as_array().map(Vec::len), Some(1));
    let again = service.call(Method::POST, "/v1/me/invitations/accept", Some(json!({"token": token}))).await;
    assert_eq!(again.code(), (401, "unauthenticated"));
}

#[tokio::test]
async fn tokens_of_invitations_are_stored_hashed() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    owner.invite("b@example.com", "admin").await;
    let token = service.invitation("b@example.com", 1).await;
    let admin = service.server.pool("postgres", 1).await;
    let rows: Vec<String> = sqlx::query_scalar("SELECT to_jsonb(t)::text FROM control.invitations t")
        .fetch_all(&admin)
        .await
        .expect("rows");
    assert_eq!(rows.len(), 1);
    assert!(!rows[0].contains(&token), "a token in clear");
}

#[tokio::test]
async fn members_and_invitations_take_up_the_editions_places_also_at_once() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let invited = futures::future::join_all(
        ["b@example.com", "c@example.com", "d@example.com", "e@example.com"].map(|email| owner.invite(email, "admin")),
    )
    .await;
    let refused: Vec<_> = invited.iter().filter(|answer| answer.status != 201).collect();
    assert_eq!(refused.len(), 2, "the owner has the third place: {invited:?}");
    assert_eq!(refused[0].code(), (403, "limit_exceeded"));
    assert_eq!((&refused[0].body["limit"], &refused[0].body["maximum"]), (&json!("members"), &json!(3)));

    let waiting = pending(&owner).await;
    let email = waiting[0].0.as_str();
    assert_eq!(owner.invite(email, "read_only").await.status, 201, "again, in the place it has");
    let person = service.person(email).await;
    override_limits(&service, &owner.org, json!({"members": 1})).await;
    let token = service.invitation(email, 2).await;
    let full = person.accept(&token).await;
    assert_eq!((full.code(), &full.body["limit"]), ((403, "limit_exceeded"), &json!("members")));
    override_limits(&service, &owner.org, json!({})).await;
    assert_eq!(person.accept(&token).await.status, 200, "the invitation was not used up");
}

#[tokio::test]
async fn one_hundred_invitations_wait_at_once() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    override_limits(&service, &owner.org, json!({"members": 1_000})).await;
    for i in 0..100 {
        assert_eq!(owner.invite(&format!("{i}@example.com"), "read_only").await.status, 201, "{i}");
    }
    let refused = owner.invite("100@example.com", "read_only").await;
    assert_eq!((refused.code(), &refused.body["maximum"]), ((403, "limit_exceeded"), &json!(100)));
    assert_eq!(owner.invite("7@example.com", "billing").await.status, 201, "in the place of the older one");
    let first = owner.get(&owner.path("/invitations?limit=60")).await;
    let next = first.body["next_cursor"].as_str().expect("there is more");
    let second = owner.get(&owner.path(&format!("/invitations?limit=60&cursor={next}"))).await;
    assert_eq!(second.body["items"].as_array().map(Vec::len), Some(40));
}

#[tokio::test]
async fn invitations_are_throttled_by_organisation_and_mails_by_address() {
    let few =
        |burst: u32| Rate { per_minute: 1.try_into().expect("not zero"), burst: burst.try_into().expect("not zero") };
    let mut config = config();
    (config.auth.invitations, config.auth.mails) = (few(4), few(3));
    let service = Service::with(config).await;
    let (owner, other) = (service.person("a@example.com").await, service.person("b@example.com").await);
    let mut answers = Vec::new();
    for email in ["x@example.com", "X@example.com", "x@example.com", "x@example.com", "y@example.com"] {
        answers.push(owner.invite(email, "admin").await);
    }
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses, [201, 201, 201, 429, 429]);
    assert!(answers[4].headers.contains_key(header::RETRY_AFTER));
    assert_eq!(pending(&owner).await.len(), 1);
    assert_eq!(other.invite("y@example.com", "admin").await.status, 201, "another organisation is not concerned");
}

#[tokio::test]
async fn a_member_is_not_invited_again_and_only_owners_invite_owners() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let (_, admin) = owner.colleague("b@example.com", "admin").await;
    for email in ["A@example.com", "b@EXAMPLE.com"] {
        assert_eq!(owner.invite(email, "admin").await.code(), (409, "conflict"), "{email}");
    }
    assert_eq!(admin.invite("c@example.com", "owner").await.code(), (403, "forbidden"));
    assert_eq!(admin.invite("c@example.com", "admin").await.status, 201);
    assert_eq!(owner.invite("c@example.com", "owner").await.status, 201);
    assert_eq!(pending(&owner).await, [("c@example.com".to_owned(), "owner".to_owned())]);
    let id = owner.get(&owner.path("/invitations")).await.body["items"][0]["id"].as_str().expect("an id").to_owned();
    let path = owner.path(&format!("/invitations/{id}"));
    override_limits(&service, &owner.org, json!({"members": 10})).await;
    let (_, reader) = owner.colleague("d@example.com", "read_only").await;
    assert_eq!(reader.call(Method::DELETE, &path, None).await.code(), (403, "forbidden"));
    assert_eq!(pending(&reader).await.len(), 1, "it is still there, and everybody sees it");
    assert_eq!(admin.call(Method::DELETE, &path, None).await.status, 204);
}

#[tokio::test]
async fn what_is_repeated_with_its_key_is_done_once() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    let person = service.person("b@example.com").await;
    let send = async |person: &Person<'_>, path: &str, key: &str, body: &Value| {
        let mut request = request(Method::POST, path, Some(body.clone()));
        request.headers.insert(header::COOKIE, person.cookie.parse().expect("a header"));
        request.headers.insert("x-csrf-token", person.csrf.parse().expect("a header"));
        request.headers.insert("idempotency-key", key.parse().expect("a header"));
        service.send(request.body_of()).await
    };
    let (path, body) = (owner.path("/invitations"), json!({"email": "b@example.com", "role": "developer"}));
    let made = send(&owner, &path, "once", &body).await;
    let again = send(&owner, &path, "once", &body).await;
    assert_eq!((made.status.as_u16(), again.status.as_u16(), &again.body), (201, 201, &made.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let another = json!({"email": "b@example.com", "role": "admin"});
    assert_eq!(send(&owner, &path, "once", &another).await.code(), (409, "idempotency_conflict"));

    let token = service.invitation("b@example.com", 1).await;
    let (path, body) = ("/v1/me/invitations/accept", json!({"token": token}));
    let joined = send(&person, path, "once", &body).await;
    let again = send(&person, path, "once", &body).await;
    assert_eq!((joined.status.as_u16(), again.status.as_u16(), &again.body), (200, 200, &joined.body));
    assert!(!joined.headers.contains_key("idempotency-replayed"));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let other = json!({"token": "other"});
    assert_eq!(send(&person, path, "once", &other).await.code(), (409, "idempotency_conflict"));
    assert_eq!(refused(&send(&person, path, "twice", &body).await), WRONG_TOKEN);
}

#[tokio::test]
async fn bad_invitations_are_refused_by_field_and_leave_nothing() {
    let service = Service::start().await;
    let owner = service.person("a@example.com").await;
    for (body, pointer) in [
        (json!({"role": "admin"}), "/email"),
        (json!({"email": "nobody", "role": "admin"}), "/email"),
        (json!({"email": "a@b.example\r\nbcc: c@d.example", "role": "admin"}), "/email"),
        (json!({"email": "b@example.com"}), "/role"),
        (json!({"email": "b@example.com", "role": "root"}), "/role"),
        (json!({"email": "b@example.com", "role": "admin", "org": "other"}), "/org"),
    ] {
        let answer = owner.call(Method::POST, &owner.path("/invitations"), Some(body.clone())).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{body}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{body}");
    }
    for query in ["limit=0", "cursor=x", "email=a"] {
        let answer = owner.get(&owner.path(&format!("/invitations?{query}"))).await;
        assert_eq!(answer.code(), (400, "invalid_request"), "{query}");
    }
    assert!(pending(&owner).await.is_empty());
}
