//! What the checks of a partner share: a platform of their own with the partner's brand in it, the ways to and from
//! the partner, and the customers.
//!
//! The platform is a real node on a folder of its own. It runs on the machine's clock, because the partner's
//! clock cannot be moved.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use parasol_api::admin::v1::{CreateWebhookRequest, WebhookSecret};
use parasol_api::common::v1::Stage as CaseStage;
use parasol_runtime::config::Config;
use parasol_runtime::identity::{Principal, Role};
use parasol_runtime::transport::local;
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::proxy::{Call, Proxy};
use super::relay::{Delivery, Relay, Rule};
use crate::bench::world::{self, Network, TECHNICIANS};
use crate::conformance::cut::Cutter;
use crate::conformance::kit::{Filed, Kit};
use crate::demo::Wire;
use crate::node::{Node, Options};

const CREATE_WEBHOOK: &str = "/parasol.admin.v1.NetworkService/CreateWebhook";

/// The partner that is checked.
#[derive(Clone, Debug)]
pub struct Partner {
    /// The brand it works for.
    pub brand: String,
    /// Where it takes webhooks, if it does.
    pub webhook: Option<String>,
    /// The command that starts it, if the kit is to.
    pub run: Option<String>,
    /// How long it may take for a step.
    pub patience: Duration,
}

/// Answers on the way to a partner's gRPC client.
#[derive(Default)]
struct Losing {
    next: AtomicBool,
    lost: AtomicUsize,
}

/// The stage.
pub struct Stage {
    node: Node,
    pub kit: Kit,
    pub proxy: Proxy,
    pub relay: Option<Relay>,
    pub secret: String,
    pub patience: Duration,
    losing: Arc<Losing>,
    cutter: Cutter,
    token: String,
    centre: String,
    child: Option<Child>,
}

impl Stage {
    /// A node, the brand's network, and the ways; the partner is not there yet.
    ///
    /// # Errors
    /// When the node cannot start, or the receiver's address is none.
    pub async fn set(config: &Config, partner: &Partner, run: Uuid) -> anyhow::Result<Self> {
        let node = Node::start(config, Options::default()).await?;
        let address = node.grpc.to_string();
        let channel = local::dial(&format!("http://{address}"), &config.limits)?;
        let wire = Wire::new(channel, node.tokens(), None);
        let network = Network {
            brand: &partner.brand,
            counties: 1,
            centres: 1,
            reach: 1,
            technicians: TECHNICIANS,
        };
        world::build(&wire, &network, 0..0, node.clock.now()).await?;
        let centre = format!("{}-0000", partner.brand);
        let player = Principal::new(Role::Centre, centre.clone()).of_brand(partner.brand.clone());
        let relay = match &partner.webhook {
            Some(url) => Some(Relay::open(url).await?),
            None => None,
        };
        let secret = match &relay {
            Some(relay) => hook(&wire, &player, &relay.url, run).await?,
            None => String::new(),
        };
        let proxy = Proxy::open(node.http.to_string()).await?;
        let losing = Arc::new(Losing::default());
        let shared = Arc::clone(&losing);
        let loses = move || {
            let loses = shared.next.swap(false, Ordering::SeqCst);
            shared.lost.fetch_add(usize::from(loses), Ordering::SeqCst);
            loses
        };
        let cutter = Cutter::open(address.clone(), loses).await.context("no port is free")?;
        let token = wire.token(&player);
        let mut kit =
            Kit::open(wire, (address, config.limits.clone()), &partner.brand, run).await?;
        kit.patience = partner.patience;
        Ok(Self {
            node,
            kit,
            proxy,
            relay,
            secret,
            patience: partner.patience,
            losing,
            cutter,
            token,
            centre,
            child: None,
        })
    }

    /// What the partner has to know, by the names of the environment it is started with.
    pub fn told(&self) -> Vec<(&'static str, String)> {
        vec![
            ("PARASOL_URL", self.proxy.url.clone()),
            ("PARASOL_GRPC", self.cutter.address.to_string()),
            ("PARASOL_TOKEN", self.token.clone()),
            ("PARASOL_SECRET", self.secret.clone()),
            ("PARASOL_CENTRE", self.centre.clone()),
        ]
    }

    /// Starts the partner, through the shell; what it prints goes to standard error. It ends with the kit.
    pub fn start(&mut self, command: &str) -> anyhow::Result<()> {
        // `exec`, so that what is ended is the partner and not a shell around it.
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("exec {command} 1>&2")).envs(self.told()).kill_on_drop(true);
        shell.stdin(std::process::Stdio::null());
        self.child = Some(shell.spawn().context("the partner could not be started")?);
        Ok(())
    }

    /// Fails if the partner was started here and has ended.
    pub fn is_running(&mut self) -> anyhow::Result<()> {
        let ended = match &mut self.child {
            Some(child) => child.try_wait()?,
            None => None,
        };
        match ended {
            Some(status) => bail!("the partner has ended: {status}"),
            None => Ok(()),
        }
    }

    /// Waits until the partner's receiver takes connections.
    ///
    /// # Errors
    /// When it does not within `limit`.
    #[expect(clippy::disallowed_methods, reason = "somebody else's program is waited for")]
    pub async fn partner_listens(&mut self, url: &str, limit: Duration) -> anyhow::Result<()> {
        let (authority, _) = super::relay::place(url)?;
        let listens = async {
            loop {
                self.is_running()?;
                if tokio::net::TcpStream::connect(&authority).await.is_ok() {
                    return Ok(());
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let late = |_| anyhow::anyhow!("nobody takes webhooks at {url}");
        tokio::time::timeout(limit, listens).await.map_err(late)?
    }

    /// Files a case whose deliveries are treated so.
    pub async fn file(&mut self, rule: Rule) -> anyhow::Result<Filed> {
        self.is_running()?;
        if let Some(relay) = &self.relay {
            relay.treat_new(rule);
        }
        self.kit.file().await
    }

    /// Waits until the partner has worked a case as far as it goes without the customer.
    pub async fn worked(&mut self, filed: &Filed) -> anyhow::Result<()> {
        let worked = self.kit.until(filed, &[CaseStage::AwaitConfirm]).await;
        self.is_running()?;
        worked.map(|_| ())
    }

    /// The first delivery about a case.
    pub async fn first(&self, filed: &Filed) -> anyhow::Result<Delivery> {
        let relay = self.relay.as_ref().context("the partner takes no webhooks")?;
        relay.first(&filed.case_id, self.patience).await
    }

    /// Sends the partner a delivery signed with `secret`, as of so many seconds from now.
    pub async fn deliver(
        &self,
        (id, body): (&str, &str),
        secret: &str,
        seconds: i64,
    ) -> anyhow::Result<u16> {
        let relay = self.relay.as_ref().context("the partner takes no webhooks")?;
        let second = self.node.clock.now().micros() / 1_000_000 + seconds;
        let signature = parasol_dispatch::signed(secret, id, second, body);
        let signature = signature.context("a secret is whsec_ and base64")?;
        let heads = super::relay::heads(id, &second.to_string(), &signature);
        Ok(relay.send(heads, body).await.0)
    }

    /// One step of a case has one request id, and an id has one body.
    pub fn is_said_once(&self, filed: &Filed) -> anyhow::Result<usize> {
        let calls = self.proxy.of(&filed.case_id);
        let mut ids: HashMap<&str, &Call> = HashMap::new();
        for call in &calls {
            let first = ids.entry(&call.path).or_insert(call);
            ensure!(
                first.request_id == call.request_id || first.body_but_id() != call.body_but_id(),
                "{}: asked for twice under different request ids",
                call.path
            );
        }
        Ok(calls.len())
    }

    /// The next answer to the partner is lost, whichever way it calls.
    pub fn lose_next(&self) {
        self.losing.next.store(true, Ordering::SeqCst);
        self.proxy.fail_next(super::proxy::Fault::LoseAnswer);
    }

    /// How many answers to a gRPC client were lost.
    pub fn lost_over_grpc(&self) -> usize {
        self.losing.lost.load(Ordering::SeqCst)
    }

    /// Ends everything.
    ///
    /// # Errors
    /// What keeps the node from stopping.
    pub async fn clear(mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill().await;
        }
        drop((self.kit, self.proxy, self.relay, self.cutter));
        self.node.stop().await?;
        Ok(())
    }
}

async fn hook(wire: &Wire, player: &Principal, url: &str, run: Uuid) -> anyhow::Result<String> {
    let message = CreateWebhookRequest {
        request_id: Uuid::new_v5(&run, b"hook").to_string(),
        url: url.to_owned(),
        ..Default::default()
    };
    let made: WebhookSecret = wire.ask(player, CREATE_WEBHOOK, &message).await?;
    Ok(made.secret)
}
