//! The log of reveals: an hour of one reader, case and method is one row, and nothing is written twice.

use std::collections::BTreeSet;

use parasol_api::admin::v1::privacy_service_server::PrivacyService as _;
use parasol_api::admin::v1::{ListRevealsRequest, Reveal};
use parasol_api::common::v1::Personal;
use parasol_api::{Reason, Role};
use parasol_casebook::tables::commands;
use parasol_journey::ids::CaseId;
use parasol_keeping::reveals::Writer;
use parasol_runtime::transport::reveals::{Revealed, Reveals};
use sea_orm::{EntityTrait as _, PaginatorTrait as _};

use crate::world::{World, by, reason};

on_both_engines!(who_was_shown_what_is_one_row_an_hour, what_is_over_leaves_the_log_of_reveals,);

impl World {
    fn shown(&self, case: CaseId, reader: &str, kind: Personal) -> Revealed {
        Revealed {
            reader: reader.to_owned(),
            method: "GetWorkOrder".to_owned(),
            at: self.clock.now(),
            shown: [(case.to_string(), BTreeSet::from([kind]))].into(),
        }
    }

    async fn reveals(
        &self,
        role: Role,
        subject: &str,
        case: CaseId,
    ) -> Result<Vec<Reveal>, Reason> {
        let request = by(role, subject, ListRevealsRequest { case_id: case.to_string() });
        let listed = self.service.list_reveals(request).await;
        let listed = listed.map_err(|status| reason::<()>(Err(status)))?;
        Ok(listed.into_inner().reveals)
    }
}

async fn who_was_shown_what_is_one_row_an_hour(world: World) {
    let case = world.file(1, "u-1").await;
    let (to, seen) = Reveals::new();
    let writer = Writer::new(world.desk.clone(), seen);
    let commits = async || commands::Entity::find().count(world.store.reader()).await.unwrap();
    for kind in [Personal::Address, Personal::Phone, Personal::Address] {
        assert!(to.note(world.shown(case, "technician:t-1", kind)));
    }
    assert!(to.note(world.shown(case, "brand:aurora", Personal::Address)));
    assert!(!writer.run_once().await.unwrap());
    let before = commits().await;
    assert!(to.note(world.shown(case, "brand:aurora", Personal::Address)));
    assert!(!writer.run_once().await.unwrap());
    assert_eq!(commits().await, before, "it is written already");
    let listed = world.reveals(Role::Customer, "u-1", case).await.unwrap();
    let told: Vec<_> = listed.iter().map(|one| (one.reader.as_str(), one.kinds.clone())).collect();
    let (phone, address) = (Personal::Phone as i32, Personal::Address as i32);
    let expected = [("technician:t-1", vec![phone, address]), ("brand:aurora", vec![address])];
    assert_eq!(told, expected);
    world.wait(1);
    assert!(to.note(world.shown(case, "brand:aurora", Personal::Address)));
    writer.run_once().await.unwrap();
    assert_eq!(world.reveals(Role::Manager, "m-1", case).await.unwrap().len(), 3);
    assert_eq!(world.reveals(Role::Customer, "u-2", case).await, Err(Reason::NotFound));
}

async fn what_is_over_leaves_the_log_of_reveals(world: World) {
    let case = world.file(1, "u-1").await;
    let (to, seen) = Reveals::new();
    let writer = Writer::new(world.desk.clone(), seen);
    assert!(to.note(world.shown(case, "technician:t-1", Personal::Address)));
    writer.run_once().await.unwrap();
    world.wait(1_095);
    world.keep().await;
    assert_eq!(world.reveals(Role::Manager, "m-1", case).await.unwrap().len(), 1);
    world.wait(2);
    world.keep().await;
    assert_eq!(world.reveals(Role::Manager, "m-1", case).await.unwrap(), []);
}
