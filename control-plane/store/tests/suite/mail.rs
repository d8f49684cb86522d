use std::time::Duration;

use uuid::Uuid;

use crate::account::World;

#[tokio::test]
async fn a_mail_is_taken_by_one_sender_and_offered_again_when_that_one_fell_silent() {
    let world = World::new().await;
    world.sign_up("a@example.com", Uuid::new_v4(), "hash").await;
    let jobs = world.stores.jobs();
    let take = async || jobs.take_mail(Duration::from_secs(60), world.now()).await.expect("the store");
    let (a, b) = tokio::join!(take(), take());
    assert_eq!([&a, &b].iter().filter(|taken| taken.is_some()).count(), 1, "{a:?} {b:?}");
    let mail = a.or(b).expect("one of them");
    assert_eq!((mail.to.as_str(), mail.subject.as_str(), mail.attempts), ("a@example.com", "verify", 1));
    world.clock.advance(Duration::from_secs(60));
    let again = take().await.expect("the first sender fell silent");
    assert_eq!((again.id, again.attempts), (mail.id, 2));
    jobs.postpone_mail(mail.id, world.now() + Duration::from_secs(600)).await.expect("the store");
    world.clock.advance(Duration::from_secs(599));
    assert!(take().await.is_none());
    world.clock.advance(Duration::from_secs(1));
    assert!(take().await.is_some());
    jobs.remove_mail(mail.id).await.expect("the store");
    world.clock.advance(Duration::from_secs(3600));
    assert!(take().await.is_none());
}

#[tokio::test]
async fn captured_mail_is_shown_to_its_address_newest_first_and_kept_within_bounds() {
    let world = World::new().await;
    let jobs = world.stores.jobs();
    let mut links = [Vec::new(), Vec::new()];
    for _ in 0..4 {
        for (email, links) in ["a@example.com", "b@example.com"].into_iter().zip(&mut links) {
            let token = Uuid::new_v4();
            world.sign_up(email, token, "hash").await;
            links.insert(0, token.to_string());
        }
    }
    assert!(world.stores.people().captured_mail("a@example.com", 10).await.expect("the store").is_empty());
    assert_eq!(jobs.capture_mail(5, world.now()).await.expect("the store").len(), 8);
    assert!(jobs.capture_mail(5, world.now()).await.expect("the store").is_empty(), "each is new once");
    assert!(jobs.take_mail(Duration::ZERO, world.now()).await.expect("the store").is_none(), "captured is not sent");
    let people = world.stores.people();
    let [a, b] = links;
    for (email, kept) in [("A@example.com", &a[..2]), ("b@example.com", &b[..3])] {
        let shown = people.captured_mail(email, 10).await.expect("the store");
        assert_eq!(
            shown.iter().filter_map(|mail| mail.link.clone()).collect::<Vec<_>>(),
            kept,
            "the newest, newest first"
        );
        assert!(shown.iter().all(|mail| mail.to.eq_ignore_ascii_case(email)));
    }
    let one = people.captured_mail("b@example.com", 1).await.expect("the store");
    assert_eq!(one.iter().filter_map(|mail| mail.link.as_ref()).collect::<Vec<_>>(), [&b[0]]);
}

#[tokio::test]
async fn a_mail_whose_link_has_expired_is_removed_captured_or_not() {
    let world = World::new().await;
    let jobs = world.stores.jobs();
    world.sign_up("a@example.com", Uuid::new_v4(), "hash").await;
    assert_eq!(jobs.capture_mail(5, world.now()).await.expect("the store").len(), 1);
    world.sign_up("b@example.com", Uuid::new_v4(), "hash").await;
    world.clock.advance(Duration::from_secs(24 * 3600 - 1));
    assert_eq!(jobs.clean_up(world.now()).await.expect("the store").mails, 0);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(jobs.clean_up(world.now()).await.expect("the store").mails, 2);
    assert!(world.stores.people().captured_mail("a@example.com", 10).await.expect("the store").is_empty());
    assert!(jobs.take_mail(Duration::ZERO, world.now()).await.expect("the store").is_none());
}
