//! E-mail: a conversation with a server that speaks SMTP.

use std::sync::Arc;

use parasol_api::Role;
use parasol_api::tracking::v1 as wire;
use parasol_api::tracking::v1::notice_service_server::NoticeService as _;
use parasol_journey::deadline::Clock as Limit;
use parasol_journey::time::Span;
use parasol_journey::vocab::Party;
use parasol_testkit::carriers::SmtpServer;
use parasol_tracking::notices::ports::Carriers;
use parasol_tracking::notices::ports::smtp::SmtpCarrier;

use crate::callbacks::signed;
use crate::world::*;

const ADDRESS: &str = "li.lei@example.com";

async fn with_mail(cell: &Cell, server: &SmtpServer) -> Process {
    let from = "京伞 Parasol <service@shop.example>";
    let carrier = SmtpCarrier::new(&server.url(), from, cell.clock.clone()).unwrap();
    let process = cell.process_with(Carriers::of(vec![Arc::new(carrier)])).await;
    let wishes = wire::UpdateNoticePreferencesRequest {
        request_id: cell.id(),
        email: Some(ADDRESS.to_owned()),
        ..Default::default()
    };
    process.service.update_notice_preferences(by(Role::Customer, CUSTOMER, wishes)).await.unwrap();
    process
}

#[tokio::test]
async fn a_letter_goes_by_the_standard_and_is_sent_until_somebody_says_that_it_arrived() {
    let cell = Cell::on_sqlite().await;
    let server = SmtpServer::start().unwrap();
    let process = with_mail(&cell, &server).await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let states = process.states(id).await;
    assert_eq!((&*states["confirm"], &*states["filed"]), ("sent", "suppressed"));
    let mails = server.mails();
    let confirm =
        process.listed(id).await.into_iter().find(|one| one.template == "confirm").unwrap();
    let message_id = format!("Message-ID: <{}_e@shop.example>", confirm.notice_id);
    let mail = mails.iter().find(|one| one.content.contains(&message_id)).unwrap();
    assert_eq!((mail.from.as_str(), mail.to.as_str()), ("service@shop.example", ADDRESS));
    assert!(mail.content.contains("Subject: =?utf-8?"), "{}", mail.content);
    assert!(!mail.content.contains("List-Unsubscribe"), "it cannot be refused");
    let calm = mails.iter().find(|one| one.content.contains("List-Unsubscribe:")).unwrap();
    assert!(calm.content.contains("List-Unsubscribe-Post: List-Unsubscribe=One-Click"));
    assert_eq!(
        process.owes(id, Limit::Confirm).await,
        None,
        "a server's yes is not the customer's"
    );
    let receipt = signed(&cell, &format!("{}_e", confirm.notice_id), true);
    process.service.take_receipt(by(Role::Service, "gateway", receipt)).await.unwrap();
    process.rounds().await;
    assert!(process.owes(id, Limit::Confirm).await.is_some());
}

#[tokio::test]
async fn a_letter_of_which_nobody_hears_for_a_day_leaves_the_customer_to_an_agent() {
    let cell = Cell::on_sqlite().await;
    let server = SmtpServer::start().unwrap();
    let process = with_mail(&cell, &server).await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    let sent = server.mails().len();
    cell.wait(Span::hours(25));
    process.rounds().await;
    assert_eq!(process.case(id).await.holder(), Some(Party::Retailer));
    assert_eq!(process.states(id).await["confirm"], "sent");
    assert_eq!(server.mails().len(), sent, "nothing is sent a second time");
}

#[tokio::test]
async fn a_rejected_address_fails_a_server_that_is_away_is_waited_for_and_one_that_hangs_up_is_not_asked_again()
 {
    let cell = Cell::on_sqlite().await;
    let server = SmtpServer::start().unwrap();
    server.reject(ADDRESS);
    let process = with_mail(&cell, &server).await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "failed");
    assert_eq!(process.case(id).await.holder(), Some(Party::Retailer));

    let cell = Cell::on_sqlite().await;
    let server = SmtpServer::start().unwrap();
    server.hang_up(true);
    let process = with_mail(&cell, &server).await;
    let id = process.refunded(filing()).await;
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "unknown");
    let taken = server.mails().len();
    server.hang_up(false);
    cell.wait(Span::hours(12));
    process.rounds().await;
    assert_eq!(server.mails().len(), taken, "it may be on its way");

    let cell = Cell::on_sqlite().await;
    let server = SmtpServer::start().unwrap();
    let url = server.url();
    drop(server);
    let carrier =
        SmtpCarrier::new(&url, "Parasol <service@shop.example>", cell.clock.clone()).unwrap();
    let process = cell.process_with(Carriers::of(vec![Arc::new(carrier)])).await;
    let wishes = wire::UpdateNoticePreferencesRequest {
        request_id: cell.id(),
        email: Some(ADDRESS.to_owned()),
        ..Default::default()
    };
    process.service.update_notice_preferences(by(Role::Customer, CUSTOMER, wishes)).await.unwrap();
    let id = process.refunded(filing()).await;
    process.rounds().await;
    assert_eq!(process.states(id).await["confirm"], "planned", "nothing was handed over");
}
