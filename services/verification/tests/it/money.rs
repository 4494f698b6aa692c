//! One payment, whatever the provider does.

use parasol_journey::event::Fact;
use parasol_journey::ids::CaseId;
use parasol_journey::time::Span;
use parasol_journey::vocab::Remedy;
use parasol_journey::{ActorKind, Command, Stage};
use parasol_verification::payment::Mishap;

use crate::world::{PRICE, World, filing};

impl World {
    async fn refunding(&self) -> CaseId {
        let id = self.on_site(filing(3, Remedy::Refund)).await;
        self.submit(id, self.certificate()).await;
        id
    }

    async fn payments_recorded(&self, id: CaseId) -> usize {
        let log = self.log(id).await;
        log.iter().filter(|event| matches!(event.fact, Fact::RefundPaid { .. })).count()
    }
}

#[tokio::test]
async fn exactly_one_payment_and_one_entry_whatever_goes_wrong() {
    let courses: [&[Mishap]; 6] = [
        &[],
        &[Mishap::Refuse, Mishap::Refuse],
        &[Mishap::LoseAnswer],
        &[Mishap::LoseRequest],
        &[Mishap::PayLater],
        &[Mishap::LoseRequest, Mishap::Refuse, Mishap::LoseAnswer],
    ];
    for mishaps in courses {
        let world = World::new().await;
        world.payments.go_wrong(mishaps.iter().copied());
        let id = world.refunding().await;
        for _ in 0..8 {
            world.work().await;
            world.wait(Span::minutes(5));
        }
        assert_eq!(world.case(id).await.stage, Stage::AwaitConfirm, "{mishaps:?}");
        let paid = world.payments.paid();
        assert_eq!(paid.len(), 1, "{mishaps:?}");
        assert_eq!(paid[0].amount_fen, PRICE);
        assert_eq!(world.payments_recorded(id).await, 1, "{mishaps:?}");
    }
}

#[tokio::test]
async fn a_payment_under_way_does_not_use_up_the_attempts() {
    let world = World::new().await;
    world.payments.go_wrong([Mishap::PayLater]);
    let id = world.refunding().await;
    assert_eq!(world.work().await, 0, "being accepted is no failure");
    let case = world.case(id).await;
    assert_eq!(case.stage, Stage::Refunding);
    assert!(case.paid.is_empty());
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::Refunding, "it is not asked at once");
    world.wait(Span::minutes(2));
    world.work().await;
    assert_eq!(world.case(id).await.stage, Stage::AwaitConfirm);
    assert_eq!(world.payments.paid().len(), 1);
}

#[tokio::test]
async fn a_refusal_that_lasts_is_parked_and_nothing_is_recorded() {
    let world = World::new().await;
    world.payments.go_wrong([Mishap::Refuse; 40]);
    let id = world.refunding().await;
    for _ in 0..12 {
        world.work().await;
        world.wait(Span::minutes(5));
    }
    let parked = world.desk.store.parked_tasks(10).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert!(parked[0].why.contains("refused"), "{}", parked[0].why);
    assert_eq!(world.payments_recorded(id).await, 0);
    assert!(world.payments.paid().is_empty());
}

#[tokio::test]
async fn goodwill_is_paid_and_a_later_one_is_another_payment() {
    let world = World::new().await;
    let id = world.denied().await;
    for amount_fen in [5_000, 7_000] {
        let grant = Command::GrantGoodwill { amount_fen };
        world.give(id, ActorKind::Agent, grant).await;
        world.work().await;
        assert_eq!(world.case(id).await.stage, Stage::Denied, "the denial can still be contested");
    }
    let mut amounts: Vec<_> = world.payments.paid().iter().map(|one| one.amount_fen).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [5_000, 7_000]);
    let paid: Vec<_> = world.case(id).await.paid.iter().map(|one| one.amount_fen).collect();
    assert_eq!(paid, [5_000, 7_000]);
}
