use agentdb_tests::harness::{Account, Api, Collection, Place, Reply, Service, Tally};
use anyhow::{Context as _, Result};
use serde_json::json;

use super::description::{Operation, operations};
use super::requests::{Names, request};
use super::trace;

const NAMESPACE: &str = "vault";
const COLLECTION: &str = "papers";
/// Every operation is tried in many ways by the same two people.
const UNTHROTTLED: [(&str, &str); 2] = [("auth.by_person.per_minute", "6000"), ("auth.by_person.burst", "1000")];

/// Somebody with something to hide, or somebody who looks for it.
struct Party {
    account: Account,
    /// The same person in the browser whose session is in `names`.
    elsewhere: Account,
    /// May do everything in the own organisation.
    key: Api,
    names: Names,
    papers: Collection,
    tally: Tally,
}

impl Party {
    async fn new(service: &Service, namespace: &str) -> Result<Self> {
        let account = service.account().await?;
        account.namespace(namespace).await?;
        let key = account.key("everything", "*", &["read", "write", "admin"]).await?;
        let member = account.colleague(&service.community_account().await?, "developer").await?;
        let invitation = account.invite("invited@example.com", "read_only").await?.expect(201)?;
        let log = account.api.get(&account.path("/audit-events")).await?.expect(200)?;
        let elsewhere = Account::log_in(&service.anonymous()?, &account.email, &account.password).await?;
        let names = Names {
            org: account.org.clone(),
            key: key.id.clone(),
            event: log.json["items"][0]["id"].as_str().context("no event")?.to_owned(),
            member,
            invitation: invitation.json["id"].as_str().context("no id")?.to_owned(),
            namespace: namespace.to_owned(),
            collection: COLLECTION.to_owned(),
            session: session(&elsewhere).await?,
        };
        let api = account.api.with_key(&key.secret);
        let papers = api.collection(namespace, COLLECTION);
        let mut tally = Tally::default();
        let schema = json!({"vector": {"dimension": 2, "metric": "cosine"}});
        tally.add(papers.create(&schema).await?.expect(201)?);
        tally.add(papers.upsert(&[json!({"id": "secret", "vector": [0.5, 0.5]})]).await?.expect(200)?);
        Ok(Self { account, elsewhere, key: api, names, papers, tally })
    }
}

/// The session of a signed-in person.
async fn session(account: &Account) -> Result<String> {
    let sessions = account.api.get("/v1/me/sessions").await?.expect(200)?.json;
    let items = sessions["items"].as_array().context("no sessions")?;
    let own = items.iter().find(|item| item["current"] == true).and_then(|item| item["id"].as_str());
    Ok(own.context("no current session")?.to_owned())
}

/// Names of the right form that nobody has.
fn invented() -> Names {
    Names {
        org: "org_01jc00000000000000000000zz".to_owned(),
        key: "key_01jc00000000000000000000zz".to_owned(),
        event: "aud_01jc00000000000000000000zz".to_owned(),
        member: "usr_01jc00000000000000000000zz".to_owned(),
        invitation: "inv_01jc00000000000000000000zz".to_owned(),
        namespace: "nowhere".to_owned(),
        collection: "nothing".to_owned(),
        session: "ses_01jc00000000000000000000zz".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_another_organisations_is_refused_as_what_is_not_there_and_stays_as_it_was() -> Result<()> {
    let service = Service::with(Place::Directory, &UNTHROTTLED).await?;
    let mut victim = Party::new(&service, NAMESPACE).await?;
    let mut stranger = Party::new(&service, "own").await?;
    let operator = service.operator().await?;
    let operations = operations(&service.anonymous()?).await?;
    assert!(operations.len() >= 20, "only {} operations are tried", operations.len());

    let data = trace::data(&victim.papers, &mut victim.tally).await?;
    let usage = trace::usage(&victim.account, &victim.tally).await?;
    let organisation = trace::organisation(&victim.account).await?;
    let rows = trace::rows(&operator, &victim.account).await?;
    assert!(rows.iter().filter(|(_, count, _)| *count > 0).count() >= 3, "{rows:?}");

    for operation in &operations {
        let tried = looks_the_same(operation, &stranger, &victim.names)
            .await
            .with_context(|| format!("{} {}", operation.method, operation.path))?;
        assert!(tried >= 1, "{} {} was not tried", operation.method, operation.path);
    }

    trace::reported(&stranger.account, &stranger.papers, &mut stranger.tally).await?;
    assert_eq!(trace::usage(&victim.account, &victim.tally).await?, usage, "billed for a stranger's requests");
    assert_eq!(trace::rows(&operator, &victim.account).await?, rows);
    assert_eq!(trace::organisation(&victim.account).await?, organisation);
    assert_eq!(trace::data(&victim.papers, &mut victim.tally).await?, data);
    assert_eq!(session(&victim.elsewhere).await?, victim.names.session, "signed in as before");
    everything_succeeds_for_the_owner(operations, &stranger).await?;
    service.stop().await
}

/// The same requests on the caller's own things go through: it is whose they are that was refused, not their form.
async fn everything_succeeds_for_the_owner(mut operations: Vec<Operation>, owner: &Party) -> Result<()> {
    let removes = |operation: &Operation, what: &str| {
        (operation.method == reqwest::Method::DELETE || what == "/delete") && operation.path.ends_with(what)
    };
    // A thing is suspended and resumed before it is used, and removed after that.
    operations.sort_by_key(|operation| {
        let place = ["/delete", "{collection}", "{ns}", "{invitation}", "{user}", "{key}"]
            .iter()
            .position(|what| removes(operation, what))
            .map_or(2, |place| place + 3);
        ["/suspend", "/resume"].iter().position(|what| operation.path.ends_with(what)).unwrap_or(place)
    });
    for operation in &operations {
        let for_people = operation.path.contains("{org}") || operation.path.contains("{session}");
        let caller = if for_people { &owner.account.api } else { &owner.key };
        answer(caller, operation, &owner.names).await?.ok()?;
    }
    Ok(())
}

/// Compares the refusals for what is the victim's and for what is nobody's, for each way to ask; gives how many.
async fn looks_the_same(operation: &Operation, stranger: &Party, theirs: &Names) -> Result<usize> {
    let nobody = invented();
    let mut tried = 0;
    if operation.path.contains("{org}") {
        // Their organisation, with the key and signed in.
        for caller in [&stranger.key, &stranger.account.api] {
            let existing = answer(caller, operation, theirs).await?;
            same_404(&existing, &answer(caller, operation, &nobody).await?);
            // Their organisation's name with nobody's things, and the other way round.
            let half = Names { org: theirs.org.clone(), ..nobody.clone() };
            same_404(&existing, &answer(caller, operation, &half).await?);
            tried += 1;
        }
        // Their things, sought in the own organisation. A PUT makes the name there, which is the caller's good right.
        let inner = operation.path.matches('{').count() > 1 && operation.method != reqwest::Method::PUT;
        if inner {
            let own = |names: &Names| Names { org: stranger.names.org.clone(), ..names.clone() };
            let existing = answer(&stranger.key, operation, &own(theirs)).await?;
            same_404(&existing, &answer(&stranger.key, operation, &own(&nobody)).await?);
            tried += 1;
        }
    } else if operation.path.contains("{namespace}") || operation.path.contains("{ns}") {
        let existing = answer(&stranger.key, operation, theirs).await?;
        same_404(&existing, &answer(&stranger.key, operation, &nobody).await?);
        let half = Names { namespace: nobody.namespace.clone(), ..theirs.clone() };
        same_404(&existing, &answer(&stranger.key, operation, &half).await?);
        tried += 1;
    } else if operation.path.contains("{session}") {
        let existing = answer(&stranger.account.api, operation, theirs).await?;
        same_404(&existing, &answer(&stranger.account.api, operation, &nobody).await?);
        tried += 1;
    }
    Ok(tried)
}

async fn answer(caller: &Api, operation: &Operation, names: &Names) -> Result<Reply> {
    caller.send(request(caller, operation, names)?).await
}

/// Both are 404, and nothing but the request's identifier tells them apart.
fn same_404(existing: &Reply, invented: &Reply) {
    assert_eq!(existing.status, 404, "{}: {}", existing.request, existing.text());
    assert_eq!(existing.code(), "not_found", "{}", existing.request);
    assert_eq!(existing.without_request_id(), invented.without_request_id(), "{}", existing.request);
    assert_eq!(existing.status, invented.status, "{}", invented.request);
    let headers = |reply: &Reply| {
        // These tell requests apart, whatever they ask for.
        let own = ["x-request-id", "date"];
        let headers = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str()));
        let mut headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), value.clone())).collect();
        headers.sort_unstable();
        headers
    };
    assert_eq!(headers(existing), headers(invented), "{}: the headers tell them apart", existing.request);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_valid_key_every_operation_answers_401_whatever_is_named() -> Result<()> {
    let service = Service::with(Place::Directory, &UNTHROTTLED).await?;
    let victim = Party::new(&service, NAMESPACE).await?;
    let revoked = victim.account.key("revoked", "*", &["read", "write", "admin"]).await?;
    victim.account.api.delete(&victim.account.path(&format!("/api-keys/{}", revoked.id))).await?.ok()?;
    let operator = service.operator().await?;
    let rows = trace::rows(&operator, &victim.account).await?;
    let anonymous = service.anonymous()?;
    let callers = [
        ("no credential", anonymous.clone()),
        ("a malformed key", anonymous.with_key("adb_nonsense")),
        ("a revoked key", anonymous.with_key(&revoked.secret)),
    ];
    for operation in &operations(&anonymous).await? {
        for (what, caller) in &callers {
            let existing = answer(caller, operation, &victim.names).await?;
            let case = format!("{what}: {}: {}", existing.request, existing.text());
            assert_eq!((existing.status, existing.code()), (401, "unauthenticated"), "{case}");
            let nobody = answer(caller, operation, &invented()).await?;
            assert_eq!(existing.without_request_id(), nobody.without_request_id(), "{case}");
        }
    }
    assert_eq!(trace::rows(&operator, &victim.account).await?, rows);
    service.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_organisations_may_use_one_name_and_see_their_own_thing() -> Result<()> {
    let service = Service::start().await?;
    let (one, other) = (Party::new(&service, NAMESPACE).await?, Party::new(&service, NAMESPACE).await?);
    other.papers.upsert(&[json!({"id": "only here", "vector": [0.1, 0.9]})]).await?.expect(200)?;
    assert_eq!(one.papers.count(&json!({})).await?.expect(200)?.result()["count"], 1);
    assert_eq!(other.papers.count(&json!({})).await?.expect(200)?.result()["count"], 2);
    other.account.api.delete(&other.account.path(&format!("/namespaces/{NAMESPACE}"))).await?.ok()?;
    assert_eq!(one.papers.fetch(&["secret"]).await?.expect(200)?.ids(), ["secret"]);
    service.stop().await
}
