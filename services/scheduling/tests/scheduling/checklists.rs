//! Checklists: what may be published, what has to be filled, and what is kept of it.

use futures::StreamExt as _;
use parasol_api::admin::v1::checklist_service_server::ChecklistService as _;
use parasol_api::admin::v1::*;
use parasol_api::common::v1::checklist_answer::Value;
use parasol_api::common::v1::checklist_field::Form;
use parasol_api::common::v1::*;
use parasol_api::technician::v1::stream_my_day_response::Change;
use parasol_api::technician::v1::visit_service_server::VisitService as _;
use parasol_api::technician::v1::{StreamMyDayRequest, SubmitInspectionRequest};
use parasol_api::{Error, Reason};
use parasol_journey::ids::{CaseId, CertificateId};
use parasol_journey::time::Span;
use parasol_runtime::identity::{Principal, Role};
use sea_orm::ConnectionTrait as _;

use crate::course::*;
use crate::world::*;

fn operator() -> Principal {
    Principal::new(Role::Operator, "op-1")
}

fn field(name: &str, required: bool, form: Form) -> ChecklistField {
    ChecklistField {
        field: name.to_owned(),
        label_zh: "名称".to_owned(),
        label_en: name.to_owned(),
        required,
        form: Some(form),
    }
}

fn option(name: &str) -> ChoiceOption {
    let (label_zh, label_en) = ("选项".to_owned(), name.to_owned());
    ChoiceOption { option: name.to_owned(), label_zh, label_en }
}

fn temperature() -> Form {
    Form::Number(NumberForm {
        unit: "℃".to_owned(),
        possible: Some(NumberRange { from: -40.0, to: 60.0 }),
        normal: Some(NumberRange { from: 2.0, to: 8.0 }),
    })
}

/// A form with every kind of question.
fn form(name: &str) -> Checklist {
    Checklist {
        checklist: name.to_owned(),
        category: Category::Refrigerator.into(),
        fields: vec![
            field("noise", true, Form::Text(TextForm { characters_max: 20 })),
            field("temperature", true, temperature()),
            field(
                "seal",
                true,
                Form::Choice(ChoiceForm { options: vec![option("tight"), option("loose")] }),
            ),
            field("levelled", true, Form::YesNo(YesNoForm {})),
            field("remark", false, Form::Text(TextForm { characters_max: 50 })),
        ],
        photos: vec![ChecklistPhoto {
            photo: "nameplate".to_owned(),
            label_zh: "铭牌".to_owned(),
            label_en: "nameplate".to_owned(),
            kind: EvidenceKind::Nameplate.into(),
            count_min: 1,
        }],
        signature: true,
        ..Default::default()
    }
}

fn answer(name: &str, value: Value) -> ChecklistAnswer {
    ChecklistAnswer { field: name.to_owned(), value: Some(value), out_of_order: false }
}

/// The form filled as it should be.
fn filled(name: &str) -> FilledChecklist {
    FilledChecklist {
        checklist: name.to_owned(),
        answers: vec![
            answer("noise", Value::Text("张先生说夜里有异响".to_owned())),
            answer("temperature", Value::Number(12.5)),
            answer("seal", Value::Option("loose".to_owned())),
            answer("levelled", Value::YesNo(true)),
        ],
        photos: vec![ChecklistPhotoAnswer {
            photo: "nameplate".to_owned(),
            sha256: vec!["0".repeat(64)],
        }],
        signature_sha256: "5".repeat(64),
    }
}

async fn publish(world: &World, checklist: Checklist) -> Result<Checklist, Error> {
    let request =
        PublishChecklistRequest { request_id: request_id(world), checklist: Some(checklist) };
    let answer = world.scheduling.publish_checklist(ask(&operator(), request)).await;
    answer.map(tonic::Response::into_inner).map_err(|status| Error::from_status(&status))
}

fn inspection(
    world: &World,
    case: CaseId,
    filled: Option<FilledChecklist>,
) -> SubmitInspectionRequest {
    SubmitInspectionRequest {
        request_id: request_id(world),
        case_id: case.to_string(),
        certificate: Some(certificate(world.clock.now())),
        checklist: filled,
        ..Default::default()
    }
}

async fn inspect(world: &World, request: SubmitInspectionRequest) -> Result<CertificateId, Error> {
    let answer = world.scheduling.submit_inspection(ask(&technician(), request)).await;
    let answer = answer.map_err(|status| Error::from_status(&status))?;
    Ok(answer.into_inner().certificate_id.parse().unwrap())
}

/// A case with the technician at the door.
async fn at_the_door(world: &World) -> CaseId {
    let case = world.with_technician(TECHNICIAN).await;
    book(world, case, "08T09:00", "08T11:00").await.unwrap();
    check_in(world, case).await;
    case
}

async fn read_filled(
    world: &World,
    by: &Principal,
    case: CaseId,
    certificate: CertificateId,
) -> Result<FilledChecklist, Reason> {
    let request = GetFilledChecklistRequest {
        case_id: case.to_string(),
        certificate_id: certificate.to_string(),
    };
    let answer = world.scheduling.get_filled_checklist(ask(by, request)).await;
    let answer = answer.map_err(|status| Error::from_status(&status).reason())?;
    Ok(answer.into_inner().filled.unwrap())
}

fn violations(error: &Error) -> Vec<(&str, Reason)> {
    error.violations().iter().map(|one| (one.field.as_str(), one.reason)).collect()
}

#[tokio::test]
async fn what_is_published_never_changes_and_a_new_one_takes_its_place() {
    let world = World::new().await;
    let first = publish(&world, form("fridge-1")).await.unwrap();
    assert!(first.published_at.is_some() && first.superseded_at.is_none());
    world.wait(Span::hours(1));
    let again = publish(&world, form("fridge-1")).await.unwrap();
    assert_eq!(again, first, "the same content is what is stored");
    let other = Checklist { signature: false, ..form("fridge-1") };
    let refused = publish(&world, other).await.unwrap_err();
    assert_eq!(refused.reason(), Reason::ChecklistInvalid);

    let second = publish(&world, form("fridge-2")).await.unwrap();
    let get = async |name: &str| {
        let request = GetChecklistRequest { checklist: name.to_owned() };
        world.scheduling.get_checklist(ask(&technician(), request)).await.map(|it| it.into_inner())
    };
    let old = get("fridge-1").await.unwrap();
    assert_eq!(old.superseded_at, second.published_at);
    assert_eq!(Checklist { superseded_at: None, ..old }, first);
    assert_eq!(get("fridge-2").await.unwrap(), second);
    assert_eq!(Error::from_status(&get("fridge-3").await.unwrap_err()).reason(), Reason::NotFound);
}

#[tokio::test]
async fn the_list_is_newest_first_in_pages() {
    let world = World::new().await;
    for name in ["a-1", "a-2", "a-3"] {
        publish(&world, form(name)).await.unwrap();
    }
    let fan = Checklist { category: Category::Fan.into(), ..form("fan-1") };
    publish(&world, fan).await.unwrap();
    let list = async |category: Category, token: &str| {
        let (page_size, page_token) = (2, token.to_owned());
        let request = ListChecklistsRequest { page_size, page_token, category: category.into() };
        world.scheduling.list_checklists(ask(&operator(), request)).await.map(|it| it.into_inner())
    };
    let names = |page: &ListChecklistsResponse| {
        page.checklists.iter().map(|one| one.checklist.clone()).collect::<Vec<_>>()
    };
    let page = list(Category::Refrigerator, "").await.unwrap();
    assert_eq!(names(&page), ["a-3", "a-2"]);
    let rest = list(Category::Refrigerator, &page.next_page_token).await.unwrap();
    assert_eq!((names(&rest), rest.next_page_token.as_str()), (vec!["a-1".to_owned()], ""));
    assert_eq!(names(&list(Category::Unspecified, "").await.unwrap()), ["fan-1", "a-3"]);
    let foreign = list(Category::Fan, &page.next_page_token).await.unwrap_err();
    assert_eq!(Error::from_status(&foreign).reason(), Reason::PageTokenInvalid);
}

#[tokio::test]
async fn a_form_that_cannot_be_answered_is_refused_with_every_fault() {
    let world = World::new().await;
    let mut bad = form("fridge 1");
    bad.fields[1] = field("noise", true, temperature());
    bad.fields[2] = field("Seal", true, Form::Choice(ChoiceForm { options: vec![option("one")] }));
    let upside_down = NumberForm {
        possible: Some(NumberRange { from: 1.0, to: f64::NAN }),
        ..Default::default()
    };
    bad.fields[3].form = Some(Form::Number(upside_down));
    bad.fields[4].form = None;
    bad.photos[0].count_min = 0;
    let refused = publish(&world, bad).await.unwrap_err();
    let expected = [
        ("checklist.checklist", Reason::FieldInvalid),
        ("checklist.fields[1].field", Reason::ChecklistInvalid),
        ("checklist.fields[2].field", Reason::FieldInvalid),
        ("checklist.fields[2].choice.options", Reason::ChecklistInvalid),
        ("checklist.fields[3].number.possible", Reason::ChecklistInvalid),
        ("checklist.fields[4].form", Reason::FieldInvalid),
        ("checklist.photos[0].count_min", Reason::FieldInvalid),
    ];
    assert_eq!(violations(&refused), expected);
    let empty = Checklist { fields: vec![], photos: vec![], ..form("fridge-1") };
    let refused = publish(&world, empty).await.unwrap_err();
    assert_eq!(violations(&refused), [("checklist.fields", Reason::ChecklistInvalid)]);
}

#[tokio::test]
async fn an_inspection_comes_with_the_checklist_of_its_category() {
    let world = World::new().await;
    let case = at_the_door(&world).await;
    let fan = Checklist { category: Category::Fan.into(), ..form("fan-1") };
    publish(&world, fan).await.unwrap();
    let wrong = inspection(&world, case, Some(filled("fan-1")));
    assert_eq!(inspect(&world, wrong).await.unwrap_err().reason(), Reason::ChecklistUnknown);

    publish(&world, form("fridge-1")).await.unwrap();
    let without = inspect(&world, inspection(&world, case, None)).await.unwrap_err();
    assert_eq!(without.reason(), Reason::ChecklistRequired);
    assert!(without.text().contains("fridge-1"), "{}", without.text());
    let unknown = inspection(&world, case, Some(filled("fridge-9")));
    assert_eq!(inspect(&world, unknown).await.unwrap_err().reason(), Reason::ChecklistUnknown);
    inspect(&world, inspection(&world, case, Some(filled("fridge-1")))).await.unwrap();
}

#[tokio::test]
async fn a_superseded_form_is_taken_for_a_week_and_an_answer_for_ever() {
    let world = World::new().await;
    publish(&world, form("fridge-1")).await.unwrap();
    publish(&world, form("fridge-2")).await.unwrap();
    let case = at_the_door(&world).await;
    let other = world.with_technician(COLLEAGUE).await;
    let request = inspection(&world, case, Some(filled("fridge-1")));
    let first = inspect(&world, request.clone()).await.unwrap();
    book(&world, other, "15T13:00", "15T15:00").await.unwrap();
    check_in(&world, other).await;
    assert_eq!(inspect(&world, request).await.unwrap(), first, "what was answered is answered");
    let late = inspection(&world, other, Some(filled("fridge-1")));
    let by = Principal::new(Role::Technician, COLLEAGUE);
    let late = world.scheduling.submit_inspection(ask(&by, late)).await;
    assert_eq!(reason(late), Reason::ChecklistUnknown);
}

#[tokio::test]
async fn every_wrong_answer_is_told_with_its_own_reason() {
    let world = World::new().await;
    publish(&world, form("fridge-1")).await.unwrap();
    let case = at_the_door(&world).await;
    let mut bad = filled("fridge-1");
    bad.answers = vec![
        answer("noise", Value::Text("很".repeat(21))),
        answer("temperature", Value::Number(125.0)),
        answer("seal", Value::Option("gone".to_owned())),
        answer("colour", Value::YesNo(true)),
    ];
    bad.photos[0].sha256 = vec!["7".repeat(64)];
    bad.signature_sha256.clear();
    let refused = inspect(&world, inspection(&world, case, Some(bad))).await.unwrap_err();
    let expected = [
        ("checklist.answers[3].field", Reason::AnswerUnknown),
        ("checklist.noise", Reason::FieldTooLong),
        ("checklist.temperature", Reason::MeasurementImpossible),
        ("checklist.seal", Reason::AnswerUnknown),
        ("checklist.levelled", Reason::AnswerMissing),
        ("checklist.photos.nameplate", Reason::PhotosMissing),
        ("checklist.signature_sha256", Reason::SignatureMissing),
    ];
    assert_eq!(violations(&refused), expected);

    let mut bad = filled("fridge-1");
    bad.answers[0].value = Some(Value::Text("  ".to_owned()));
    bad.answers[1].value = Some(Value::Text("twelve".to_owned()));
    bad.answers[3].value = None;
    bad.answers.push(bad.answers[2].clone());
    bad.photos.clear();
    let mut request = inspection(&world, case, Some(bad));
    request.certificate.as_mut().unwrap().serial_inside.clear();
    let refused = inspect(&world, request).await.unwrap_err();
    let expected = [
        ("certificate.serial_inside", Reason::FieldInvalid),
        ("checklist.noise", Reason::AnswerMissing),
        ("checklist.temperature", Reason::AnswerUnknown),
        ("checklist.seal", Reason::AnswerUnknown),
        ("checklist.levelled", Reason::AnswerMissing),
        ("checklist.photos.nameplate", Reason::PhotosMissing),
    ];
    assert_eq!(violations(&refused), expected);
}

#[tokio::test]
async fn a_customer_who_refuses_to_sign_is_not_asked_for_a_signature() {
    let world = World::new().await;
    publish(&world, form("fridge-1")).await.unwrap();
    let case = at_the_door(&world).await;
    let unsigned = FilledChecklist { signature_sha256: String::new(), ..filled("fridge-1") };
    let mut request = inspection(&world, case, Some(unsigned));
    request.certificate.as_mut().unwrap().signature = Signature::Refused.into();
    inspect(&world, request).await.unwrap();
}

#[tokio::test]
async fn free_texts_are_kept_in_the_vault_and_the_rest_with_the_certificate() {
    let world = World::new().await;
    publish(&world, form("fridge-1")).await.unwrap();
    let case = at_the_door(&world).await;
    let sent = filled("fridge-1");
    let certificate = inspect(&world, inspection(&world, case, Some(sent.clone()))).await.unwrap();

    let texts = world.revealed(certificate.uuid(), "checklist").await.unwrap();
    assert_eq!(texts, serde_json::json!({"noise": "张先生说夜里有异响"}));
    let backend = world.desk.store.reader().get_database_backend();
    let sql = "SELECT body FROM filled_checklists".to_owned();
    let query = sea_orm::Statement::from_string(backend, sql);
    let rows = world.desk.store.reader().query_all_raw(query).await.unwrap();
    let body: Vec<u8> = rows[0].try_get_by_index(0).unwrap();
    assert_eq!(rows.len(), 1);
    assert!(!body.windows(6).any(|bytes| bytes == "张先".as_bytes()), "no free text");

    let mut expected = sent;
    expected.answers[1].out_of_order = true;
    for reader in [agent(), brand(), centre()] {
        assert_eq!(read_filled(&world, &reader, case, certificate).await.unwrap(), expected);
    }
    let other = at_the_door_of(&world, COLLEAGUE).await;
    assert_eq!(read_filled(&world, &agent(), other, certificate).await, Err(Reason::NotFound));
    let strangers =
        [Principal::new(Role::Centre, OTHER_CENTRE), Principal::new(Role::Brand, "nobody")];
    for stranger in strangers {
        let answer = read_filled(&world, &stranger, case, certificate).await;
        assert_eq!(answer, Err(Reason::NotFound), "{stranger}");
    }
}

async fn at_the_door_of(world: &World, technician: &str) -> CaseId {
    let case = world.with_technician(technician).await;
    book(world, case, "08T13:00", "08T15:00").await.unwrap();
    case
}

#[tokio::test]
async fn the_day_names_the_checklist_to_fill() {
    let world = World::new().await;
    let case = world.with_technician(TECHNICIAN).await;
    book(&world, case, "08T09:00", "08T11:00").await.unwrap();
    let named = async || {
        let request = StreamMyDayRequest::default();
        let stream = world.scheduling.stream_my_day(ask(&technician(), request)).await.unwrap();
        match stream.into_inner().next().await.unwrap().unwrap().change {
            Some(Change::Visit(visit)) => visit.checklist,
            other => panic!("{other:?} is not a visit"),
        }
    };
    assert_eq!(named().await, "");
    publish(&world, form("fridge-1")).await.unwrap();
    assert_eq!(named().await, "fridge-1");
    publish(&world, form("fridge-2")).await.unwrap();
    assert_eq!(named().await, "fridge-2");
}
