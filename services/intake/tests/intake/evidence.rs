//! UploadEvidence, ListEvidence and GetEvidence: who may, what comes back, and that nothing is left of
//! what breaks off.

use std::io::Cursor;

use futures::TryStreamExt as _;
use image::{DynamicImage, ImageFormat, RgbImage};
use parasol_api::common::v1::{EvidenceKind, Party};
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_api::intake::v1::intake_service_server::{IntakeService as _, IntakeServiceServer};
use parasol_api::intake::v1::{
    Evidence, GetEvidenceRequest, GetEvidenceResponse, ListEvidenceRequest, UploadEvidenceRequest,
};
use parasol_api::{Error, Reason};
use parasol_journey::ids::CaseId;
use parasol_journey::{ActorKind, Command};
use parasol_runtime::identity::{Principal, Role};
use sha2::{Digest as _, Sha256};
use tonic::{Request, Status};

use crate::samples::{case_of, claim, file, order, world_with};
use crate::world::{World, agent, by, customer, id, reason};

/// A photo, another one for every seed, with this text beside its dots.
pub fn photo(seed: u32, said: &str) -> Vec<u8> {
    let dots = RgbImage::from_fn(96, 72, |x, y| {
        let patch = (x / 12).wrapping_mul(31) ^ (y / 12).wrapping_mul(17) ^ seed.wrapping_mul(97);
        let grey = (patch.wrapping_mul(2_654_435_761) >> 24) as u8;
        image::Rgb([grey, grey.wrapping_add(40), grey / 2])
    });
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(dots).write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    let plain = bytes.into_inner();
    let length = u16::try_from(said.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], b"\xFF\xFE", &length, said.as_bytes(), &plain[2..]].concat()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

pub fn head(case: &str, request: u128) -> UploadEvidenceRequest {
    UploadEvidenceRequest {
        request_id: id(request),
        case_id: case.to_owned(),
        kind: EvidenceKind::Fault.into(),
        ..UploadEvidenceRequest::default()
    }
}

/// The messages of an upload: what is said first, then the bytes.
fn messages(head: UploadEvidenceRequest, bytes: &[u8]) -> Vec<UploadEvidenceRequest> {
    let pieces = bytes.chunks(1_000).map(|piece| UploadEvidenceRequest {
        data: piece.to_vec(),
        ..UploadEvidenceRequest::default()
    });
    std::iter::once(head).chain(pieces).collect()
}

pub async fn upload(
    world: &World,
    caller: &Principal,
    head: UploadEvidenceRequest,
    bytes: &[u8],
) -> Result<Evidence, Error> {
    let caller = caller.clone();
    let server = IntakeServiceServer::with_interceptor(
        world.intake.clone(),
        move |mut request: Request<()>| {
            request.extensions_mut().insert(caller.clone());
            Ok::<_, Status>(request)
        },
    );
    let messages = tokio_stream::iter(messages(head, bytes));
    let answer = IntakeServiceClient::new(server).upload_evidence(messages).await;
    let answer = answer.map_err(|status| Error::from_status(&status))?;
    Ok(answer.into_inner().evidence.expect("a piece"))
}

pub async fn content(world: &World, caller: &Principal, evidence: &str) -> Result<Vec<u8>, Status> {
    let request = GetEvidenceRequest { evidence_id: evidence.to_owned() };
    let pieces = world.intake.get_evidence(by(caller, request)).await?.into_inner();
    let pieces: Vec<GetEvidenceResponse> = pieces.try_collect().await?;
    assert!(pieces[0].data.is_empty() && pieces[0].media_type == "image/jpeg");
    Ok(pieces.into_iter().flat_map(|piece| piece.data).collect())
}

pub async fn listed(
    world: &World,
    caller: &Principal,
    case: &str,
) -> Result<Vec<Evidence>, Status> {
    let request = ListEvidenceRequest { case_id: case.to_owned() };
    Ok(world.intake.list_evidence(by(caller, request)).await?.into_inner().evidence)
}

/// How many objects the archive holds.
pub fn kept(world: &World) -> usize {
    let folders = std::fs::read_dir(world.evidence().join("kept")).unwrap();
    folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

pub async fn two_cases() -> (World, String, String) {
    let world = world_with(vec![order(1), order(2)]).await;
    let first = case_of(&file(&world, &customer("u-1"), claim(1, 101)).await);
    let second = case_of(&file(&world, &customer("u-2"), claim(2, 102)).await);
    (world, first.to_string(), second.to_string())
}

#[tokio::test]
async fn a_photo_comes_back_as_it_is_kept_and_without_what_was_beside_it() {
    let (world, case, _) = two_cases().await;
    let owner = customer("u-1");
    let place = "30.2741N 120.1551E";
    let bytes = photo(1, place);
    let announced = UploadEvidenceRequest {
        sha256: sha256(&bytes),
        bytes: bytes.len() as i64,
        ..head(&case, 1)
    };
    let piece = upload(&world, &owner, announced, &bytes).await.unwrap();
    assert_eq!((piece.width, piece.height), (96, 72));
    assert_eq!(piece.sha256, sha256(&bytes));
    assert_eq!(piece.uploaded_by(), Party::Customer);
    assert!(!piece.seen_in_another_case);
    let seen = content(&world, &owner, &piece.evidence_id).await.unwrap();
    assert_eq!(sha256(&seen), piece.stored_sha256);
    assert_eq!(seen.len() as i64, piece.stored_bytes);
    assert!(!seen.windows(place.len()).any(|part| part == place.as_bytes()));
    assert_eq!(listed(&world, &owner, &case).await.unwrap(), [piece]);
}

#[tokio::test]
async fn a_repetition_gets_the_same_answer_and_keeps_nothing_twice() {
    let (world, case, _) = two_cases().await;
    let owner = customer("u-1");
    let bytes = photo(1, "");
    let announced = UploadEvidenceRequest { sha256: sha256(&bytes), ..head(&case, 1) };
    let first = upload(&world, &owner, announced.clone(), &bytes).await.unwrap();
    // The answer was lost, and the file does not come again.
    assert_eq!(upload(&world, &owner, announced.clone(), b"").await.unwrap(), first);
    // A caller that announces nothing sends it again.
    let plain = upload(&world, &owner, head(&case, 2), &bytes).await.unwrap();
    assert_eq!(upload(&world, &owner, head(&case, 2), &bytes).await.unwrap(), plain);
    // Another request for the same file is the same piece.
    assert_eq!(plain.evidence_id, first.evidence_id);
    assert_eq!((listed(&world, &owner, &case).await.unwrap().len(), kept(&world)), (1, 1));
    // The same id for something else is refused.
    let other = upload(&world, &owner, head(&case, 2), &photo(2, "")).await.unwrap_err();
    assert_eq!(other.reason(), Reason::RequestIdReused);
    let other = UploadEvidenceRequest { kind: EvidenceKind::Exterior.into(), ..announced };
    let other = upload(&world, &owner, other, &bytes).await.unwrap_err();
    assert_eq!(other.reason(), Reason::RequestIdReused);
    let restarted = world.restarted().await;
    assert_eq!(
        content(&restarted, &owner, &first.evidence_id).await.unwrap().len() as i64,
        first.stored_bytes
    );
}

#[tokio::test]
async fn a_file_that_breaks_off_or_is_another_leaves_nothing() {
    let (world, case, _) = two_cases().await;
    let owner = customer("u-1");
    let bytes = photo(1, "");
    let wrong_hash = UploadEvidenceRequest { sha256: sha256(b"another"), ..head(&case, 1) };
    let wrong_length = UploadEvidenceRequest { bytes: 7, ..head(&case, 2) };
    let cut = UploadEvidenceRequest { sha256: sha256(&bytes), ..head(&case, 3) };
    for (head, bytes, wanted) in [
        (wrong_hash, &bytes[..], Reason::EvidenceHashWrong),
        (wrong_length, &bytes[..], Reason::EvidenceHashWrong),
        (cut, &bytes[..bytes.len() / 2], Reason::EvidenceHashWrong),
        (head(&case, 4), b"<svg onload='alert(1)'/>", Reason::EvidenceTypeRefused),
        (head(&case, 5), b"", Reason::EvidenceTypeRefused),
    ] {
        let refused = upload(&world, &owner, head, bytes).await.unwrap_err();
        assert_eq!(refused.reason(), wanted);
    }
    let huge = UploadEvidenceRequest { bytes: 1 << 40, ..head(&case, 6) };
    let huge = upload(&world, &owner, huge, b"").await.unwrap_err();
    assert_eq!(huge.reason(), Reason::EvidenceTooLarge);
    assert_eq!((listed(&world, &owner, &case).await.unwrap().len(), kept(&world)), (0, 0));
    // The id is free for the file itself.
    assert!(upload(&world, &owner, head(&case, 1), &bytes).await.is_ok());
}

#[tokio::test]
async fn a_request_without_its_fields_is_refused_with_all_of_them() {
    let (world, case, _) = two_cases().await;
    let owner = customer("u-1");
    let empty = upload(&world, &owner, UploadEvidenceRequest::default(), b"").await.unwrap_err();
    let named: Vec<_> = empty.violations().iter().map(|one| one.field.as_str()).collect();
    assert_eq!(named, ["request_id", "case_id", "kind"]);
    let tomorrow = prost_types::Timestamp { seconds: 4_000_000_000, nanos: 0 };
    let early = UploadEvidenceRequest { taken_at: Some(tomorrow), ..head(&case, 1) };
    let early = upload(&world, &owner, early, &photo(1, "")).await.unwrap_err();
    assert_eq!(early.violations()[0].field, "taken_at");
}

#[tokio::test]
async fn only_those_who_work_on_a_case_see_its_photos() {
    let (world, case, other) = two_cases().await;
    let owner = customer("u-1");
    let piece = upload(&world, &owner, head(&case, 1), &photo(1, "")).await.unwrap();
    let stranger = customer("u-2");
    let centre = Principal::new(Role::Centre, "aurora-hangzhou-01").of_brand("aurora");
    let brand = Principal::new(Role::Brand, "aurora").of_brand("aurora");
    let technician = Principal::new(Role::Technician, "t-1").of_brand("aurora");
    let lab = Principal::new(Role::Lab, "lab-1");
    for caller in [&stranger, &centre, &technician, &lab] {
        let refused = content(&world, caller, &piece.evidence_id).await;
        assert_eq!(reason(refused), Reason::NotFound, "{caller}");
        assert_eq!(reason(listed(&world, caller, &case).await), Reason::NotFound, "{caller}");
        let refused = upload(&world, caller, head(&case, 2), &photo(2, "")).await.unwrap_err();
        assert_eq!(refused.reason(), Reason::NotFound, "{caller}");
    }
    for caller in [&brand, &agent(), &owner] {
        assert!(content(&world, caller, &piece.evidence_id).await.is_ok(), "{caller}");
    }
    // Of another's and of none there is one answer.
    let unknown = content(&world, &stranger, "ev_01905af12b3c7def8123456789abcdef").await;
    let theirs = content(&world, &stranger, &piece.evidence_id).await;
    assert_eq!(format!("{:?}", unknown.unwrap_err()), format!("{:?}", theirs.unwrap_err()));
    assert!(listed(&world, &stranger, &other).await.unwrap().is_empty());
}

#[tokio::test]
async fn after_the_end_partners_see_only_what_they_handed_in() {
    let (world, case, _) = two_cases().await;
    let (owner, brand) = (customer("u-1"), Principal::new(Role::Brand, "aurora"));
    let theirs = upload(&world, &owner, head(&case, 1), &photo(1, "")).await.unwrap();
    let own = upload(&world, &brand, head(&case, 1), &photo(2, "")).await.unwrap();
    assert_eq!(listed(&world, &brand, &case).await.unwrap().len(), 2);
    let id: CaseId = case.parse().unwrap();
    world.give(id, ActorKind::Customer, Command::Cancel).await;
    assert_eq!(listed(&world, &brand, &case).await.unwrap(), [own]);
    assert_eq!(reason(content(&world, &brand, &theirs.evidence_id).await), Reason::NotFound);
    assert_eq!(listed(&world, &owner, &case).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_same_photo_in_two_cases_is_told_to_the_platform_alone() {
    let (world, case, other) = two_cases().await;
    let bytes = photo(7, "");
    upload(&world, &customer("u-1"), head(&case, 1), &bytes).await.unwrap();
    let second = upload(&world, &customer("u-2"), head(&other, 1), &photo(7, "saved anew")).await;
    assert!(!second.unwrap().seen_in_another_case, "a customer is not told");
    upload(&world, &agent(), head(&other, 1), &photo(8, "")).await.unwrap();
    let flags = |pieces: Vec<Evidence>| -> Vec<bool> {
        pieces.iter().map(|piece| piece.seen_in_another_case).collect()
    };
    // Whichever came first, it is told of both.
    assert_eq!(flags(listed(&world, &agent(), &case).await.unwrap()), [true]);
    assert_eq!(flags(listed(&world, &agent(), &other).await.unwrap()), [true, false]);
    assert_eq!(flags(listed(&world, &customer("u-2"), &other).await.unwrap()), [false, false]);
    let again = upload(&world, &agent(), head(&other, 2), &bytes).await.unwrap();
    assert!(again.seen_in_another_case);
}

#[tokio::test]
async fn a_lost_object_is_our_failure_and_not_an_empty_photo() {
    let (world, case, _) = two_cases().await;
    let owner = customer("u-1");
    let piece = upload(&world, &owner, head(&case, 1), &photo(1, "")).await.unwrap();
    let name = &piece.stored_sha256;
    std::fs::remove_file(world.evidence().join("kept").join(&name[..2]).join(name)).unwrap();
    assert_eq!(reason(content(&world, &owner, &piece.evidence_id).await), Reason::StoreUnavailable);
}
