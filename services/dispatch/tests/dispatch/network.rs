//! Changing the network, and taking it out and in again.

use futures::TryStreamExt as _;
use parasol_api::Reason;
use parasol_api::admin::v1::export_network_response::Content as Exported;
use parasol_api::admin::v1::import_network_request::Content;
use parasol_api::admin::v1::network_service_server::NetworkService as _;
use parasol_api::admin::v1::*;
use parasol_api::common::v1::{GeoPoint, Money};
use prost::Message as _;
use prost_types::FieldMask;
use tonic::Status;

use crate::world::{
    SHANGCHENG, World, XIHU, a_brand, a_centre, a_technician, brand, by, operator, reason,
    same_bytes,
};

fn mask(paths: &[&str]) -> Option<FieldMask> {
    Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() })
}

async fn the_centre(world: &World, name: &str) -> Centre {
    let request = GetCentreRequest { centre: name.into() };
    world.dispatch.get_centre(by(&operator(), request)).await.unwrap().into_inner()
}

fn update(world: &World, centre: Centre, paths: &[&str]) -> UpdateCentreRequest {
    let request_id = world.desk.ids.next().to_string();
    UpdateCentreRequest {
        request_id,
        centre: Some(centre),
        update_mask: mask(paths),
        etag: String::new(),
    }
}

async fn send(world: &World, request: UpdateCentreRequest) -> Result<Centre, Status> {
    Ok(world.dispatch.update_centre(by(&operator(), request)).await?.into_inner())
}

pub async fn export(world: &World) -> Vec<ExportNetworkResponse> {
    let rows = world.dispatch.export_network(by(&operator(), ExportNetworkRequest {})).await;
    rows.unwrap().into_inner().try_collect().await.unwrap()
}

/// A brand, a centre and a technician with something in every field.
fn in_full() -> Vec<Content> {
    let money = |fen| Some(Money { fen, currency: "CNY".into() });
    let away = |reason: &str| Absence {
        from: "2026-10-01".into(),
        until: "2026-10-07".into(),
        reason: reason.into(),
    };
    let suspension = Some(Suspension {
        reason: SuspensionReason::Licence.into(),
        since: Some(prost_types::Timestamp { seconds: 1_780_000_000, nanos: 0 }),
        by: "operator:op-9".into(),
    });
    let mut centre = Centre {
        valid_from: "2026-01-01".into(),
        valid_until: "2027-12-31".into(),
        hours: vec![OpeningHours { weekday: 1, from: "08:00".into(), to: "24:00".into() }],
        absences: vec![away("holiday")],
        deposit: Some(Deposit { required: money(2_000_000), paid: money(1_000_000) }),
        score: 88,
        attributes: [("vendor".to_owned(), "4711".to_owned())].into(),
        suspension: suspension.clone(),
        ..a_centre("a-1", "aurora", XIHU)
    };
    centre.coverage[0].valid_until = "2026-12-31".into();
    vec![
        Content::County(County {
            county: XIHU.into(),
            province_zh: "浙江省".into(),
            province_en: "Zhejiang".into(),
            city_zh: "杭州市".into(),
            county_zh: "西湖区".into(),
            county_en: "Xihu District".into(),
            lat: 30.2592,
            lon: 120.1302,
        }),
        Content::Brand(Brand {
            valid_from: "2020-01-01".into(),
            served_by: vec!["boreal".into(), "zephyr".into()],
            attributes: [("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())].into(),
            ..a_brand("aurora")
        }),
        Content::Centre(centre),
        Content::Technician(in_full_technician(away("training"), suspension)),
    ]
}

fn in_full_technician(absence: Absence, suspension: Option<Suspension>) -> Technician {
    let part = |part_no: &str, quantity| StockedPart { part_no: part_no.into(), quantity };
    let mut one = a_technician("a-1-t1", "a-1");
    one.skills[0].valid_from = "2026-01-01".into();
    one.skills[0].valid_until = "2026-12-31".into();
    one.certificates[0].valid_from = "2020-06-09".into();
    Technician {
        absences: vec![absence],
        suspension,
        home: Some(GeoPoint { lat: 30.27, lon: 120.15 }),
        territory: vec![SHANGCHENG.into(), XIHU.into()],
        stock: vec![part("compressor-7", 1), part("fan-2", 3)],
        visits_a_day: 6,
        ..one
    }
}

#[tokio::test]
async fn what_a_technician_brings_along_is_read_and_updated() {
    let world = World::new().await;
    let home = Some(GeoPoint { lat: 30.27, lon: 120.15 });
    let stock = vec![StockedPart { part_no: "fan-2".into(), quantity: 3 }];
    let changed = Technician {
        technician: "a-1-t1".into(),
        home,
        territory: vec![XIHU.into()],
        stock,
        visits_a_day: 6,
        ..Technician::default()
    };
    let request = UpdateTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        technician: Some(changed.clone()),
        update_mask: mask(&["home", "territory", "stock", "visits_a_day"]),
        etag: String::new(),
    };
    let certified = Certified { category: 1, from: String::new(), until: "2026-06-08".into() };
    let expected = Technician {
        home,
        territory: changed.territory,
        stock: changed.stock,
        visits_a_day: 6,
        certified: vec![certified],
        etag: "\"2\"".into(),
        ..a_technician("a-1-t1", "a-1")
    };
    let updated = world.dispatch.update_technician(by(&operator(), request.clone())).await;
    assert_eq!(updated.unwrap().into_inner(), expected);
    let asked = GetTechnicianRequest { technician: "a-1-t1".into() };
    let read = world.dispatch.get_technician(by(&operator(), asked)).await;
    assert_eq!(read.unwrap().into_inner(), expected);
    let listed = ListTechniciansRequest { centre: "a-1".into(), ..Default::default() };
    let listed = world.dispatch.list_technicians(by(&operator(), listed)).await;
    assert!(listed.unwrap().into_inner().technicians.contains(&expected));

    let fixed = UpdateTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        update_mask: mask(&["certified"]),
        ..request
    };
    let refused = world.dispatch.update_technician(by(&operator(), fixed)).await;
    assert_eq!(reason(refused.map(|_| ())), Reason::FieldInvalid, "it follows from the licences");
}

#[tokio::test]
async fn what_is_exported_makes_the_same_network_in_an_empty_store() {
    let (here, there) = (World::empty().await, World::empty().await);
    let answer = here.import(in_full()).await.unwrap();
    assert_eq!((answer.added, answer.refused), (4, 0), "{answer:?}");
    let exported = export(&here).await;
    let numbers: Vec<_> = exported.iter().map(|one| one.row).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let came: Vec<_> = exported.iter().map(|one| one.content.clone().unwrap()).collect();
    let given = in_full().into_iter().map(|content| match content {
        Content::County(one) => Exported::County(one),
        Content::Brand(one) => Exported::Brand(one),
        Content::Centre(one) => Exported::Centre(one),
        Content::Technician(one) => Exported::Technician(one),
    });
    assert_eq!(came, given.collect::<Vec<_>>(), "nothing is lost or added");

    // The bytes of an exported row are those of a row of an import.
    let request_id = there.desk.ids.next().to_string();
    let rows = exported.iter().map(|row| {
        let read = ImportNetworkRequest::decode(row.encode_to_vec().as_slice()).unwrap();
        ImportNetworkRequest { request_id: request_id.clone(), ..read }
    });
    let answer = there.import_messages(rows.collect()).await.unwrap();
    assert_eq!((answer.added, answer.refused), (4, 0), "{answer:?}");
    assert_eq!(export(&there).await, exported);
}

#[tokio::test]
async fn an_export_reads_on_past_its_first_page() {
    let world = World::empty().await;
    let mut rows = vec![Content::Brand(a_brand("aurora"))];
    let many = (0..1_001).map(|n| Content::Centre(a_centre(&format!("c-{n:04}"), "aurora", XIHU)));
    rows.extend(many);
    world.import(rows).await.unwrap();
    let exported = export(&world).await;
    assert_eq!(exported.len(), 1_002);
    let ids = exported.iter().filter_map(|row| match row.content.as_ref().unwrap() {
        Exported::Centre(centre) => Some(centre.centre.clone()),
        _ => None,
    });
    assert!(ids.eq((0..1_001).map(|n| format!("c-{n:04}"))));
}

#[tokio::test]
async fn an_update_changes_what_its_mask_names_and_counts_versions() {
    let world = World::new().await;
    let wanted = Centre { centre: "a-1".into(), score: 90, phone: "1".into(), ..Centre::default() };
    let request = update(&world, wanted, &["score"]);
    let first = send(&world, request.clone()).await.unwrap();
    assert_eq!((first.score, first.phone.as_str()), (90, "400-0000-2000"));
    assert_ne!(first.etag, a_centre("a-1", "aurora", XIHU).etag);
    assert_eq!(the_centre(&world, "a-1").await, first);
    let again = send(&world, request).await.unwrap();
    assert!(same_bytes(&first, &again), "a repetition gets the same answer");

    let stale = Centre { centre: "a-1".into(), score: 10, ..Centre::default() };
    let stale = update(&world, stale, &["score"]);
    let conflict = send(&world, UpdateCentreRequest { etag: "1".into(), ..stale.clone() }).await;
    assert_eq!(reason(conflict), Reason::VersionConflict);
    let fits = UpdateCentreRequest { etag: first.etag.clone(), ..stale };
    let second = send(&world, fits).await.unwrap();
    assert_eq!(second.score, 10);

    // The same again is no new version.
    let same = Centre { centre: "a-1".into(), score: 10, ..Centre::default() };
    let third = send(&world, update(&world, same, &["score"])).await.unwrap();
    assert_eq!(third.etag, second.etag);
}

#[tokio::test]
async fn an_update_is_held_to_the_rules_of_an_import() {
    let world = World::new().await;
    let of = |centre: Centre| Centre { centre: "a-1".into(), ..centre };
    let short = of(Centre { coverage: Vec::new(), ..Centre::default() });
    let high = of(Centre { score: 101, ..Centre::default() });
    let none = Centre { centre: "nobody".into(), ..Centre::default() };
    let unnamed = Centre::default();
    let table = [
        (update(&world, short, &["coverage"]), Reason::FieldInvalid),
        (update(&world, high, &["score"]), Reason::FieldInvalid),
        (update(&world, of(Centre::default()), &["brand"]), Reason::FieldInvalid),
        (update(&world, of(Centre::default()), &["suspension"]), Reason::FieldInvalid),
        (update(&world, of(Centre::default()), &[]), Reason::FieldInvalid),
        (update(&world, none, &["score"]), Reason::NotFound),
        (update(&world, unnamed, &["score"]), Reason::FieldInvalid),
    ];
    for (request, expected) in table {
        assert_eq!(reason(send(&world, request.clone()).await), expected, "{request:?}");
    }
    let nameless = UpdateCentreRequest::default();
    assert_eq!(reason(send(&world, nameless).await), Reason::RequestIdMissing);

    // Where it goes follows at once.
    let mut moved = a_centre("a-1", "aurora", XIHU);
    moved.coverage.retain(|area| area.county == SHANGCHENG);
    send(&world, update(&world, moved, &["coverage"])).await.unwrap();
    let (case, _) = world.offered().await;
    assert_eq!(world.case(case).await.offer.unwrap().centre.as_str(), "a-2");
}

#[tokio::test]
async fn of_two_updates_at_once_none_undoes_the_other() {
    let world = World::new().await;
    let with = |centre: Centre| Centre { centre: "a-1".into(), ..centre };
    let one = update(&world, with(Centre { score: 90, ..Centre::default() }), &["score"]);
    let two =
        update(&world, with(Centre { phone: "95079".into(), ..Centre::default() }), &["phone"]);
    let (one, two) = tokio::join!(send(&world, one), send(&world, two));
    let done = [&one, &two].iter().filter(|answer| answer.is_ok()).count();
    let after = the_centre(&world, "a-1").await;
    // Either both took effect one after the other, or one was told to try again.
    assert_eq!(after.score == 90 && after.phone == "95079", done == 2);
    for refused in [one, two].into_iter().filter(Result::is_err) {
        assert_eq!(reason(refused), Reason::Overloaded);
    }
}

#[tokio::test]
async fn brands_and_technicians_are_changed_alike() {
    let world = World::new().await;
    let request = UpdateBrandRequest {
        request_id: world.desk.ids.next().to_string(),
        brand: Some(Brand {
            brand: "aurora".into(),
            served_by: vec!["boreal".into()],
            valid_until: "2027-01-01".into(),
            ..Brand::default()
        }),
        update_mask: mask(&["served_by", "valid_until"]),
        etag: String::new(),
    };
    let changed = world.dispatch.update_brand(by(&operator(), request)).await.unwrap().into_inner();
    assert_eq!(changed.served_by, ["boreal"]);
    assert_eq!(changed.name_en, "Aurora");
    let get = |name: &str| GetBrandRequest { brand: name.into() };
    let d = &world.dispatch;
    let got = d.get_brand(by(&brand("aurora"), get("aurora"))).await.unwrap().into_inner();
    assert_eq!(got, changed);
    assert_eq!(reason(d.get_brand(by(&brand("boreal"), get("aurora"))).await), Reason::NotFound);
    assert_eq!(reason(d.get_brand(by(&operator(), get("nobody"))).await), Reason::NotFound);
    let list = async |who| {
        let rows = d.list_brands(by(&who, ListBrandsRequest::default())).await.unwrap();
        rows.into_inner().brands.into_iter().map(|one| one.brand).collect::<Vec<_>>()
    };
    assert_eq!(list(operator()).await, ["aurora", "boreal"]);
    assert_eq!(list(brand("boreal")).await, ["boreal"]);
    let first = ListBrandsRequest { page_size: 1, ..ListBrandsRequest::default() };
    let first = d.list_brands(by(&operator(), first)).await.unwrap().into_inner();
    let page_token = first.next_page_token;
    let rest = ListBrandsRequest { page_token: page_token.clone(), page_size: 1 };
    let rest = d.list_brands(by(&operator(), rest)).await.unwrap().into_inner();
    assert_eq!((rest.brands[0].brand.as_str(), rest.next_page_token.as_str()), ("boreal", ""));
    let foreign = ListBrandsRequest { page_token, page_size: 1 };
    let foreign = d.list_brands(by(&brand("boreal"), foreign)).await;
    assert_eq!(reason(foreign), Reason::PageTokenInvalid);

    let request = UpdateTechnicianRequest {
        request_id: world.desk.ids.next().to_string(),
        technician: Some(Technician {
            technician: "a-1-t1".into(),
            absences: vec![Absence {
                from: "2026-06-09".into(),
                until: "2026-06-10".into(),
                reason: "ill".into(),
            }],
            ..Technician::default()
        }),
        update_mask: mask(&["absences"]),
        etag: String::new(),
    };
    let changed = d.update_technician(by(&operator(), request)).await.unwrap().into_inner();
    assert_eq!((changed.absences.len(), changed.name.as_str()), (1, "刘佳怡"));
}
