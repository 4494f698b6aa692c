//! Suspended and resumed: who is chosen, what goes on to the next, what people have to look at.

use parasol_api::Reason;
use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::*;
use parasol_api::partner::v1::offer_service_server::OfferService as _;
use parasol_api::partner::v1::{AssignTechnicianRequest, ExplainOffersRequest, LeftOutReason};
use parasol_journey::Stage;
use parasol_journey::ids::CaseId;
use tonic::Status;

use crate::world::{World, by, centre, operator, reason, same_bytes, start};

fn suspension(world: &World, centre: &str) -> SuspendCentreRequest {
    SuspendCentreRequest {
        request_id: world.desk.ids.next().to_string(),
        centre: centre.into(),
        reason: SuspensionReason::Quality.into(),
        remark: "ask 13800138000".into(),
        etag: String::new(),
    }
}

async fn suspend(world: &World, centre: &str) -> Centre {
    let request = suspension(world, centre);
    world.dispatch.suspend_centre(by(&operator(), request)).await.unwrap().into_inner()
}

async fn resume(world: &World, centre: &str) -> Result<Centre, Status> {
    let request = ResumeCentreRequest {
        request_id: world.desk.ids.next().to_string(),
        centre: centre.into(),
        ..ResumeCentreRequest::default()
    };
    Ok(world.dispatch.resume_centre(by(&operator(), request)).await?.into_inner())
}

async fn asked(world: &World, case: CaseId) -> String {
    world.case(case).await.offer.map_or_else(String::new, |offer| offer.centre.to_string())
}

async fn at_risk(world: &World) -> Vec<WorkAtRisk> {
    let request = ListWorkAtRiskRequest::default();
    let answer = world.dispatch.list_work_at_risk(by(&operator(), request)).await;
    answer.unwrap().into_inner().work
}

#[tokio::test]
async fn an_open_offer_goes_on_to_the_next_centre_and_accepted_work_is_listed() {
    let world = World::new().await;
    let (working, _) = world.accepted().await;
    let (waiting, _) = world.offered().await;
    assert_eq!(asked(&world, waiting).await, "a-1");
    let after = suspend(&world, "a-1").await;
    let told = after.suspension.unwrap();
    assert_eq!((told.reason(), told.by.as_str()), (SuspensionReason::Quality, "operator:op-1"));
    assert_eq!(told.since, Some(parasol_api::convert::to_timestamp(start())));

    assert_eq!(world.sweep().await, 1);
    let back = world.case(waiting).await;
    assert_eq!(back.stage, Stage::ChoosingCentre);
    world.choose().await;
    assert_eq!(asked(&world, waiting).await, "a-2");
    assert_eq!(world.case(working).await.stage, Stage::CentreAssigned, "accepted work stays");
    let [risk] = &at_risk(&world).await[..] else { panic!("one work order is at risk") };
    assert_eq!((risk.case_id.as_str(), risk.centre.as_str()), (&*working.to_string(), "a-1"));
    assert_eq!(risk.cause(), RiskCause::CentreSuspended);
    assert_eq!(world.sweep().await, 0, "there is nothing left to move");

    // The reason stands with the offer for whoever reads it.
    let told = crate::seeing::everything_open(&world, &centre("a-2")).await.0;
    assert_eq!(told.len(), 1);
    let request = ExplainOffersRequest { case_id: waiting.to_string() };
    let told = world.dispatch.explain_offers(by(&operator(), request)).await.unwrap().into_inner();
    let last = told.choices.last().unwrap();
    assert_eq!(last.left_out[0].reason(), LeftOutReason::PassedOver);
}

#[tokio::test]
async fn whoever_is_suspended_is_not_chosen_until_resumed() {
    let world = World::new().await;
    suspend(&world, "a-1").await;
    let (case, _) = world.offered().await;
    assert_eq!(asked(&world, case).await, "a-2");
    let request = ExplainOffersRequest { case_id: case.to_string() };
    let told = world.dispatch.explain_offers(by(&operator(), request)).await.unwrap().into_inner();
    let out = &told.choices[0].left_out[0];
    assert_eq!((out.centre.as_str(), out.reason()), ("a-1", LeftOutReason::CentreSuspended));
    assert!(resume(&world, "a-1").await.unwrap().suspension.is_none());
    let (case, _) = world.offered().await;
    assert_eq!(asked(&world, case).await, "a-1");
}

#[tokio::test]
async fn what_a_process_did_not_live_to_move_another_moves() {
    let world = World::new().await;
    let (first, _) = world.offered().await;
    let (second, _) = world.offered().await;
    suspend(&world, "a-1").await;
    let neighbour = world.neighbour(2).await;
    assert_eq!(neighbour.sweep().await, 2);
    assert_eq!(world.sweep().await, 0);
    for case in [first, second] {
        assert_eq!(world.case(case).await.passed_over[0].as_str(), "a-1");
    }
}

#[tokio::test]
async fn a_pass_has_a_bound_and_the_next_goes_on() {
    let world = World::new().await;
    let mut roomy = crate::world::a_centre("a-1", "aurora", crate::world::XIHU);
    roomy.daily_capacity.iter_mut().for_each(|one| one.visits = 1_000);
    world.import(vec![import_network_request::Content::Centre(roomy)]).await.unwrap();
    for _ in 0..101 {
        world.file().await;
    }
    world.choose().await;
    suspend(&world, "a-1").await;
    let sweep = world.dispatch.sweep();
    let first = sweep.run_once(Default::default()).await.unwrap();
    assert!(first.moved == 100 && first.more(), "{first:?}");
    let second = sweep.run_once(first.after).await.unwrap();
    assert!(second.moved == 1 && !second.more(), "{second:?}");
}

#[tokio::test]
async fn a_suspended_brand_has_no_centres_and_its_case_is_decided_by_the_platform() {
    let world = World::new().await;
    let (case, _) = world.offered().await;
    let request = SuspendBrandRequest {
        request_id: world.desk.ids.next().to_string(),
        brand: "aurora".into(),
        reason: SuspensionReason::Contract.into(),
        ..SuspendBrandRequest::default()
    };
    let after = world.dispatch.suspend_brand(by(&operator(), request)).await.unwrap();
    assert!(after.into_inner().suspension.is_some());
    assert_eq!(world.sweep().await, 1);
    world.choose().await;
    assert_eq!(world.case(case).await.stage, Stage::Deciding);
    let request = ResumeBrandRequest {
        request_id: world.desk.ids.next().to_string(),
        brand: "aurora".into(),
        ..ResumeBrandRequest::default()
    };
    world.dispatch.resume_brand(by(&operator(), request)).await.unwrap();
    let (case, _) = world.offered().await;
    assert_eq!(asked(&world, case).await, "a-1");
}

#[tokio::test]
async fn a_suspended_technician_is_named_for_nothing_and_counts_for_nothing() {
    let world = World::new().await;
    let (case, _) = world.accepted().await;
    for technician in ["a-1-t1", "a-1-t2"] {
        let request = SuspendTechnicianRequest {
            request_id: world.desk.ids.next().to_string(),
            technician: technician.into(),
            reason: SuspensionReason::Licence.into(),
            ..SuspendTechnicianRequest::default()
        };
        world.dispatch.suspend_technician(by(&operator(), request)).await.unwrap();
    }
    let name = AssignTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        case_id: case.to_string(),
        technician: "a-1-t1".into(),
        ..AssignTechnicianRequest::default()
    };
    let refused = world.dispatch.assign_technician(by(&centre("a-1"), name)).await;
    assert_eq!(reason(refused), Reason::TechnicianSuspended);
    let (next, _) = world.offered().await;
    assert_eq!(asked(&world, next).await, "a-2", "nobody certified is left at a-1");
    let request = ResumeTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        technician: "a-1-t2".into(),
        ..ResumeTechnicianRequest::default()
    };
    world.dispatch.resume_technician(by(&operator(), request)).await.unwrap();
    let (next, _) = world.offered().await;
    assert_eq!(asked(&world, next).await, "a-1");
}

#[tokio::test]
async fn every_change_is_told_with_its_reason_and_without_numbers() {
    let world = World::new().await;
    let request = suspension(&world, "a-1");
    let first = world.dispatch.suspend_centre(by(&operator(), request.clone())).await.unwrap();
    let again = world.dispatch.suspend_centre(by(&operator(), request)).await.unwrap();
    assert!(same_bytes(first.get_ref(), again.get_ref()));
    resume(&world, "a-1").await.unwrap();
    let unchanged = resume(&world, "a-1").await.unwrap();
    assert_eq!(unchanged.etag, resume(&world, "a-1").await.unwrap().etag);
    let of = |page_size, page_token| ListStandingChangesRequest {
        page_size,
        page_token,
        subject: Some(list_standing_changes_request::Subject::Centre("a-1".into())),
    };
    let list = async |request| {
        let answer = world.dispatch.list_standing_changes(by(&operator(), request)).await;
        answer.unwrap().into_inner()
    };
    let all = list(of(0, String::new())).await;
    let told: Vec<_> =
        all.changes.iter().map(|one| (one.suspended, one.reason(), one.remark.as_str())).collect();
    let expected =
        [(false, SuspensionReason::Unspecified, ""), (true, SuspensionReason::Quality, "ask ***")];
    assert_eq!(told, expected);
    let first = list(of(1, String::new())).await;
    let second = list(of(1, first.next_page_token)).await;
    assert_eq!(second.changes, all.changes[1..]);
    let nobody = ListStandingChangesRequest::default();
    let refused = world.dispatch.list_standing_changes(by(&operator(), nobody)).await;
    assert_eq!(reason(refused), Reason::FieldInvalid);
}

#[tokio::test]
async fn a_suspension_names_somebody_a_reason_and_the_version_it_was_made_for() {
    let world = World::new().await;
    let d = &world.dispatch;
    let good = suspension(&world, "a-1");
    let table = [
        (SuspendCentreRequest { centre: "nobody".into(), ..good.clone() }, Reason::NotFound),
        (SuspendCentreRequest { reason: 0, ..good.clone() }, Reason::FieldInvalid),
        (SuspendCentreRequest { reason: 99, ..good.clone() }, Reason::FieldInvalid),
        (
            SuspendCentreRequest {
                reason: SuspensionReason::Other.into(),
                remark: String::new(),
                ..good.clone()
            },
            Reason::FieldInvalid,
        ),
        (SuspendCentreRequest { etag: "7".into(), ..good.clone() }, Reason::VersionConflict),
        (SuspendCentreRequest::default(), Reason::RequestIdMissing),
    ];
    for (request, expected) in table {
        let refused = d.suspend_centre(by(&operator(), request.clone())).await;
        assert_eq!(reason(refused), expected, "{request:?}");
    }
    // An import neither suspends nor resumes whoever is known.
    suspend(&world, "a-1").await;
    let again = world.import(crate::world::usual_network()).await.unwrap();
    assert_eq!(again.updated, 0);
    let (case, _) = world.offered().await;
    assert_eq!(asked(&world, case).await, "a-2");
}
