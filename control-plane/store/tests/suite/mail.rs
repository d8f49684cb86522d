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
    for _ in 0..4 {
        world.sign_up("a@example.com", Uuid::new_v4(), "hash").await;
        world.sign_up("b@example.com", Uuid::new_v4(), "hash").await;
    }
    assert!(world.stores.people().captured_mail("a@example.com", 10).await.expect("the store").is_empty());
    assert_eq!(jobs.capture_mail(5, world.now()).await.expect("the store").len(), 8);
    assert!(jobs.capture_mail(5, world.now()).await.expect("the store").is_empty(), "each is new once");
    assert!(jobs.take_mail(Duration::ZERO, world.now()).await.expect("the store").is_none(), "captured is not sent");
    let people = world.stores.people();
    let a = people.captured_mail("A@example.com", 10).await.expect("the store");
    let b = people.captured_mail("b@example.com", 10).await.expect("the store");
    assert_eq!(a.len() + b.len(), 5);
    assert!(a.iter().all(|mail| mail.to == "a@example.com"));
}
