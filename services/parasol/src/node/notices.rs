//! Who carries notices for this process, and in which manner.

use std::sync::Arc;

use anyhow::Context as _;
use parasol_journey::vocab::Channel;
use parasol_runtime::clock::Clock;
use parasol_runtime::config::Config;
use parasol_tracking::notices::ports::http::HttpCarrier;
use parasol_tracking::notices::ports::smtp::SmtpCarrier;
use parasol_tracking::notices::ports::{Carrier, Carriers};
use parasol_tracking::notices::{DayTime, Hours, Manners, Settings};
use secrecy::ExposeSecret as _;

/// As the configuration says; where it names nobody who carries, the program keeps an outbox of its own.
pub(super) fn settings(config: &Config, clock: &Clock) -> anyhow::Result<Settings> {
    let notices = &config.notices;
    let mut carriers: Vec<Arc<dyn Carrier>> = Vec::new();
    for (channel, key, url) in [
        (Channel::Sms, "notices.sms_url", &notices.sms_url),
        (Channel::Push, "notices.push_url", &notices.push_url),
        (Channel::Webhook, "notices.webhook_url", &notices.webhook_url),
    ] {
        if !url.is_empty() {
            carriers.push(Arc::new(HttpCarrier::at(channel, url).context(key)?));
        }
    }
    let server = notices.smtp_url.expose_secret();
    if !server.is_empty() {
        let mail = SmtpCarrier::new(server, &notices.mail_from, clock.clone());
        carriers.push(Arc::new(mail.context("notices.smtp_url")?));
    }
    let time = |key: &'static str, text: &str| {
        text.parse::<DayTime>().map_err(|()| anyhow::anyhow!("{key} is no time of day"))
    };
    let hours = Hours {
        from: time("notices.quiet_from", &notices.quiet_from)?,
        until: time("notices.quiet_until", &notices.quiet_until)?,
    };
    Ok(Settings {
        carriers: if carriers.is_empty() { Carriers::local() } else { Carriers::of(carriers) },
        manners: Manners {
            hours,
            digest_at: time("notices.digest_at", &notices.digest_at)?,
            per_day: i64::from(notices.per_day),
        },
        pages: notices.pages_url.clone(),
        receipt_secret: notices.receipt_secret.clone(),
    })
}
