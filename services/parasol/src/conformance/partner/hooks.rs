//! What the partner does with webhooks.

use std::time::Duration;

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use super::relay::{ANSWER_MAX, Delivery, Rule, header, heads};
use super::stage::Stage;
use crate::conformance::checks::Seen;
use crate::conformance::kit::Filed;

/// A secret that is nobody's.
const OTHER_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// How long a partner gets to act on what it must not act on.
const WATCHED: Duration = Duration::from_secs(2);
/// Further from the receiver's clock than Standard Webhooks allows.
const HOUR: i64 = 3_600;
/// Within what it allows.
const TWO_MINUTES: i64 = 120;

macro_rules! needs_webhooks {
    ($stage:expr) => {
        if $stage.relay.is_none() {
            return Ok(Seen::NotHere("the partner takes no webhooks".to_owned()));
        }
    };
}

/// Every delivery of a case comes twice.
pub async fn duplicate(stage: &mut Stage) -> anyhow::Result<Seen> {
    needs_webhooks!(stage);
    let filed = stage.file(Rule::Twice).await?;
    stage.first(&filed).await?;
    stage.worked(&filed).await?;
    // One more case shows that it has worked off what came before.
    let next = stage.file(Rule::Pass).await?;
    stage.worked(&next).await?;
    let relay = stage.relay.iter().flat_map(|relay| relay.of(&filed.case_id));
    let answers: Vec<u16> = relay.flat_map(|one| one.answers).map(|(status, _)| status).collect();
    let refused = answers.iter().find(|status| !(200..300).contains(*status));
    ensure!(refused.is_none(), "a delivery was answered with {refused:?}");
    let calls = stage.is_said_once(&filed)?;
    Ok(Seen::Held(format!("{}: {} deliveries, {calls} changes", filed.case_id, answers.len())))
}

/// The first news of a case comes once more after all others, as if it were new.
pub async fn old_news(stage: &mut Stage) -> anyhow::Result<Seen> {
    needs_webhooks!(stage);
    let filed = stage.file(Rule::Pass).await?;
    let first = stage.first(&filed).await?;
    stage.worked(&filed).await?;
    let before = stage.kit.stands(&filed).await?.1;
    let id = format!("{}late", first.id);
    let status = stage.deliver((&id, &first.body), &stage.secret, 0).await?;
    ensure!((200..300).contains(&status), "old news was answered with {status}");
    let next = stage.file(Rule::Pass).await?;
    stage.worked(&next).await?;
    let after = stage.kit.stands(&filed).await?.1;
    ensure!(before == after, "{}: from {before:?} to {after:?}", filed.case_id);
    stage.is_said_once(&filed)?;
    Ok(Seen::Held(format!("{}, then {}", filed.case_id, next.case_id)))
}

/// A delivery that somebody else signed.
pub async fn forged(stage: &mut Stage) -> anyhow::Result<Seen> {
    refuses(stage, async |stage: &Stage, held: &Delivery| {
        stage.deliver((&held.id, &held.body), OTHER_SECRET, 0).await
    })
    .await
}

/// A delivery with its signature and another body.
pub async fn tampered(stage: &mut Stage) -> anyhow::Result<Seen> {
    refuses(stage, async |stage: &Stage, held: &Delivery| {
        let body = format!("{} ", held.body);
        Ok(send(stage, held, &header(&held.headers, "webhook-signature"), &body).await)
    })
    .await
}

/// A delivery without a signature.
pub async fn unsigned(stage: &mut Stage) -> anyhow::Result<Seen> {
    refuses(stage, async |stage: &Stage, held: &Delivery| {
        Ok(send(stage, held, "", &held.body).await)
    })
    .await
}

/// A delivery that was signed an hour ago.
pub async fn stale(stage: &mut Stage) -> anyhow::Result<Seen> {
    refuses(stage, async |stage: &Stage, held: &Delivery| {
        stage.deliver((&held.id, &held.body), &stage.secret, -HOUR).await
    })
    .await
}

/// A delivery that claims to be signed an hour from now.
pub async fn future(stage: &mut Stage) -> anyhow::Result<Seen> {
    refuses(stage, async |stage: &Stage, held: &Delivery| {
        stage.deliver((&held.id, &held.body), &stage.secret, HOUR).await
    })
    .await
}

/// The clocks differ by two minutes, in either direction.
pub async fn skew(stage: &mut Stage) -> anyhow::Result<Seen> {
    needs_webhooks!(stage);
    for seconds in [-TWO_MINUTES, TWO_MINUTES] {
        let (filed, held) = held(stage).await?;
        let status = stage.deliver((&held.id, &held.body), &stage.secret, seconds).await?;
        ensure!((200..300).contains(&status), "{seconds} s apart: answered with {status}");
        stage.worked(&filed).await?;
    }
    Ok(Seen::Held(format!("{TWO_MINUTES} s early and late")))
}

/// While the secret is changed two signatures come, and one of them is right.
pub async fn rotation(stage: &mut Stage) -> anyhow::Result<Seen> {
    needs_webhooks!(stage);
    let (filed, held) = held(stage).await?;
    let wrong = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let both = format!("{wrong} {}", header(&held.headers, "webhook-signature"));
    let status = send(stage, &held, &both, &held.body).await;
    ensure!((200..300).contains(&status), "two signatures were answered with {status}");
    stage.worked(&filed).await?;
    Ok(Seen::Held(filed.case_id))
}

/// A type and a field that may come with a later release.
pub async fn unknown(stage: &mut Stage) -> anyhow::Result<Seen> {
    needs_webhooks!(stage);
    let body = json!({ "type": "weather.changed", "data": { "caseId": "" } }).to_string();
    let status = stage.deliver(("msg_conformance1", &body), &stage.secret, 0).await?;
    ensure!((200..300).contains(&status), "an unknown type was answered with {status}");
    let (filed, held) = held(stage).await?;
    let mut body: Value = serde_json::from_str(&held.body)?;
    body["later"] = json!({ "release": 2 });
    body["data"]["later"] = json!("field");
    let status = stage.deliver((&held.id, &body.to_string()), &stage.secret, 0).await?;
    ensure!((200..300).contains(&status), "an unknown field was answered with {status}");
    stage.worked(&filed).await?;
    Ok(Seen::Held(format!("a type, and a field of {}", filed.case_id)))
}

/// Every delivery of the run was answered in time.
pub async fn prompt(stage: &mut Stage) -> anyhow::Result<Seen> {
    needs_webhooks!(stage);
    let answers = stage.relay.as_ref().map(|relay| relay.answers()).unwrap_or_default();
    let silent = answers.iter().filter(|(status, _)| *status == 0).count();
    let slowest = answers.iter().map(|(_, took)| *took).max().unwrap_or_default();
    ensure!(!answers.is_empty(), "nothing was delivered");
    ensure!(silent == 0, "{silent} of {} had no answer within {ANSWER_MAX:?}", answers.len());
    Ok(Seen::Held(format!("{} answers, the slowest after {slowest:?}", answers.len())))
}

/// A case whose first delivery the partner has not seen.
async fn held(stage: &mut Stage) -> anyhow::Result<(Filed, Delivery)> {
    let filed = stage.file(Rule::Hold).await?;
    let held = stage.first(&filed).await?;
    if let Some(relay) = &stage.relay {
        relay.treat_new(Rule::Pass);
    }
    Ok((filed, held))
}

async fn send(stage: &Stage, held: &Delivery, signature: &str, body: &str) -> u16 {
    let second = header(&held.headers, "webhook-timestamp");
    match &stage.relay {
        Some(relay) => relay.send(heads(&held.id, &second, signature), body).await.0,
        None => 0,
    }
}

/// The partner refuses what `bad` sends, does nothing for it, and takes the real delivery afterwards.
async fn refuses(
    stage: &mut Stage,
    bad: impl AsyncFn(&Stage, &Delivery) -> anyhow::Result<u16>,
) -> anyhow::Result<Seen> {
    needs_webhooks!(stage);
    let (filed, held) = held(stage).await?;
    let status = bad(stage, &held).await?;
    if !(400..500).contains(&status) {
        bail!("it was answered with {status}; a refusal is a status of 400 to 499");
    }
    let acted = stage.proxy.is_asked(&filed.case_id, WATCHED).await;
    let (_, now) = stage.kit.stands(&filed).await?;
    ensure!(!acted, "{}: refused with {status}, and acted on (now {now:?})", filed.case_id);
    let real = stage.deliver((&held.id, &held.body), &stage.secret, 0).await?;
    ensure!((200..300).contains(&real), "the real delivery was answered with {real}");
    stage.worked(&filed).await?;
    Ok(Seen::Held(format!("{}: {status}, then {real}", filed.case_id)))
}
