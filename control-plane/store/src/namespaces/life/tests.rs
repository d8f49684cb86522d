use chrono::Duration;
use proptest::prelude::*;

use super::*;
use NamespaceStatus::{Creating, Deleted, Deleting, Purging, Ready, Suspended};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + Duration::seconds(second)
}

fn deletion(second: i64, grace: i64) -> Deletion {
    Deletion { at: at(second), purge_after: at(second + grace) }
}

fn suspension() -> impl Strategy<Value = Suspension> {
    prop_oneof![Just(Suspension::Organization), Just(Suspension::Standing), Just(Suspension::Operator)]
}

fn event() -> impl Strategy<Value = LifeEvent> {
    prop_oneof![
        Just(LifeEvent::NodeServes),
        Just(LifeEvent::NodeErased),
        suspension().prop_map(LifeEvent::Suspend),
        suspension().prop_map(LifeEvent::Resume),
        (0..50_i64, 0..50_i64).prop_map(|(second, grace)| LifeEvent::Delete(deletion(second, grace))),
        Just(LifeEvent::Undelete),
        (0..100_i64).prop_map(|second| LifeEvent::PassTime(at(second))),
        Just(LifeEvent::Purge),
    ]
}

/// What may follow what, and nothing else may.
const STEPS: [(NamespaceStatus, NamespaceStatus); 11] = [
    (Creating, Ready),
    (Creating, Suspended),
    (Creating, Deleting),
    (Ready, Suspended),
    (Ready, Deleting),
    (Suspended, Creating),
    (Suspended, Deleting),
    (Deleting, Creating),
    (Deleting, Suspended),
    (Deleting, Purging),
    (Purging, Deleted),
];

proptest! {
    #[test]
    fn every_life_keeps_to_the_steps_and_stays_whole(events in proptest::collection::vec(event(), 0..60)) {
        let mut life = NamespaceLife::begin();
        for event in events {
            let Ok(next) = life.after(event) else { continue };
            let (from, to) = (life.status, next.status);
            prop_assert!(from == to || STEPS.contains(&(from, to)), "{from:?} became {to:?} by {event:?}");
            // Deleted, it is known since when; suspended, it is known by whom; else neither.
            prop_assert_eq!(next.deletion.is_some(), !to.is_living());
            prop_assert!(to != Suspended || !next.suspended_by.is_empty());
            prop_assert!(!matches!(to, Creating | Ready) || next.suspended_by.is_empty());
            // Nothing is removed before its time unless its organisation asks for it.
            if from == Deleting && to == Purging && event != LifeEvent::Purge {
                let LifeEvent::PassTime(now) = event else { panic!("{event:?} ended the grace") };
                prop_assert!(life.deletion.expect("deleted").purge_after <= now);
            }
            // Only who suspended it resumes it, and nothing else lifts a suspension.
            for by in life.suspended_by.difference(&next.suspended_by) {
                prop_assert_eq!(event, LifeEvent::Resume(*by));
            }
            // Its node is asked to erase only what is gone for good, and never told anything else again.
            if life.status.assignment_state() == "delete" {
                prop_assert_eq!(next.status.assignment_state(), "delete");
            }
            // What is asked for twice is done once.
            if let Ok(again) = next.after(event) {
                prop_assert_eq!(again, next.clone());
            }
            life = next;
        }
    }
}

fn lived(events: &[LifeEvent]) -> Result<NamespaceLife, LifeRefusal> {
    events.iter().try_fold(NamespaceLife::begin(), |life, event| life.after(*event))
}

#[test]
fn each_refusal_says_what_stands_against_it() {
    use LifeEvent::{Delete, NodeErased, PassTime, Purge, Resume, Suspend, Undelete};
    use Suspension::{Operator, Organization, Standing};
    let deleted = Delete(deletion(0, 10));
    assert_eq!(lived(&[deleted, Suspend(Organization)]), Err(LifeRefusal::Deleted));
    assert_eq!(lived(&[deleted, Resume(Organization)]), Err(LifeRefusal::Deleted));
    assert_eq!(lived(&[Purge]), Err(LifeRefusal::NotDeleted));
    assert_eq!(lived(&[deleted, Purge, Undelete]), Err(LifeRefusal::Gone));
    assert_eq!(lived(&[deleted, PassTime(at(10)), Undelete]), Err(LifeRefusal::Gone));
    assert_eq!(lived(&[deleted, Purge, NodeErased, Suspend(Operator)]), Err(LifeRefusal::Gone));
    assert_eq!(lived(&[Suspend(Operator), Resume(Organization)]), Err(LifeRefusal::HeldBy(Operator)));
    let three = [Suspend(Organization), Suspend(Standing), Suspend(Operator), Resume(Organization)];
    assert_eq!(lived(&three), Err(LifeRefusal::HeldBy(Operator)), "of several the one that is told");
    assert_eq!(lived(&[deleted, PassTime(at(9))]).map(|life| life.status), Ok(Deleting));
}

#[test]
fn nobody_gets_out_of_a_suspension_by_deleting_and_undeleting() {
    use LifeEvent::{Delete, NodeServes, Resume, Suspend, Undelete};
    use Suspension::{Operator, Organization};
    let deleted = Delete(deletion(0, 10));
    let status = |events: &[LifeEvent]| lived(events).map(|life| life.status);
    assert_eq!(status(&[NodeServes, Suspend(Organization), deleted, Undelete]), Ok(Suspended));
    assert_eq!(status(&[NodeServes, deleted, Suspend(Operator), Undelete]), Ok(Suspended), "held while deleted");
    assert_eq!(status(&[deleted, Suspend(Operator), Resume(Operator), Undelete]), Ok(Creating));
    assert_eq!(status(&[NodeServes, deleted, Undelete]), Ok(Creating), "until its node says that it serves it");
}
