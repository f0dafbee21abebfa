//! The way in: opens the console, finds the gateway, sees that somebody is signed in.

use crate::args::Args;
use crate::exit::Stop;
use crate::place;
use domain::{GatewayId, PipelineId};
use engine::command::{Password, Pipeline, SignedIn};
use engine::view::GatewayView;
use engine::{Answer, Code, Command, Console, Introduction, Purpose, Query, Refused, Setup};

/// Owners that may end under their guest, one after the other: short commands follow each other in scripts.
pub(crate) const OWNERS: usize = 8;

/// An open console and the gateway meant.
pub(crate) struct Gate {
    pub(crate) console: Console,
    pub(crate) gateway: GatewayId,
    setup: Setup,
    address: Option<String>,
    email: Option<String>,
    pipeline: Option<PipelineId>,
}

impl Gate {
    /// Opens the console and finds the gateway: the named one, or the only one known.
    pub(crate) async fn open(args: &Args, purpose: Purpose) -> Result<Self, Stop> {
        let setup = place::setup(purpose).await?;
        let introduction = Introduction { gateway: args.gateway.clone(), account: args.email.clone() };
        let console = Console::open(&setup, &introduction).await?;
        let gateway = find(&console, args.gateway.as_deref()).await?;
        let gate = Self {
            console,
            gateway,
            setup,
            address: args.gateway.clone(),
            email: args.email.clone(),
            pipeline: args.pipeline.clone(),
        };
        gate.name_pipeline().await?;
        Ok(gate)
    }

    /// Opens anew after the owner has gone: this process may be the owner now, or the guest of one that goes as well.
    pub(crate) async fn reopen(&mut self) -> Result<(), Stop> {
        for _ in 1..OWNERS {
            match self.reopen_once().await {
                Err(stop) if stop.code == Code::Ended.word() => {}
                told => return told,
            }
        }
        self.reopen_once().await
    }

    async fn reopen_once(&mut self) -> Result<(), Stop> {
        let introduction = Introduction { gateway: self.address.clone(), account: self.email.clone() };
        self.console = Console::open(&self.setup, &introduction).await?;
        self.gateway = find(&self.console, self.address.as_deref()).await?;
        self.name_pipeline().await?;
        self.sign_in_if_needed().await?;
        Ok(())
    }

    /// The platform does not list every pipeline to everybody: a named one is asked all the same.
    async fn name_pipeline(&self) -> Result<(), Refused> {
        if let Some(pipeline) = self.pipeline.clone() {
            self.console.command(Command::AskAlso { gateway: self.gateway, pipeline }).await?;
        }
        Ok(())
    }

    /// Now, on this machine.
    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.setup.clock.now()
    }

    /// The gateway right now; the published view may be a moment behind.
    pub(crate) async fn view(&self) -> Result<GatewayView, Refused> {
        let Answer::View(view) = self.console.query(Query::View).await? else { return Err(unexpected()) };
        view.gateway(self.gateway).cloned().ok_or_else(unexpected)
    }

    /// Signs in with what the environment gives, unless somebody already is.
    pub(crate) async fn sign_in_if_needed(&self) -> Result<(), Refused> {
        match (self.view().await?.account, &self.email) {
            (Some(account), Some(email)) if account != *email => Err(engine::step::other_account(&account)),
            (Some(_), _) => Ok(()),
            (None, _) => self.sign_in_from_environment().await.map(|_| ()),
        }
    }

    /// Signs in with HOLDPOINT_EMAIL and HOLDPOINT_PASSWORD.
    pub(crate) async fn sign_in_from_environment(&self) -> Result<SignedIn, Refused> {
        match (&self.email, place::password()) {
            (Some(email), Some(password)) => self.sign_in(email.clone(), password).await,
            _ => Err(Refused::new(
                Code::SignIn,
                "Nobody is signed in to this gateway: run `holdctl login`, or set HOLDPOINT_EMAIL and HOLDPOINT_PASSWORD.",
            )),
        }
    }

    /// Signs in.
    pub(crate) async fn sign_in(&self, email: String, password: String) -> Result<SignedIn, Refused> {
        let command = Command::SignIn { gateway: self.gateway, email, password: Password(password) };
        match self.console.command(command).await? {
            Answer::SignedIn(who) => Ok(who),
            _ => Err(unexpected()),
        }
    }

    /// Asks; where the session has ended meanwhile and the environment can sign in, does so once and asks again.
    pub(crate) async fn ask(&self, query: Query) -> Result<Answer, Refused> {
        match self.console.query(query.clone()).await {
            Err(refused)
                if refused.code == Code::SignIn && self.email.is_some() && place::password().is_some() =>
            {
                self.sign_in_from_environment().await?;
                self.console.query(query).await
            }
            answer => answer,
        }
    }

    /// The pipeline a change is meant for: the named one, or the only one there is.
    pub(crate) async fn pipeline_for_change(
        &self,
        named: Option<&PipelineId>,
    ) -> Result<PipelineId, Refused> {
        let Answer::Pipelines(known) = self.ask(Query::Pipelines { gateway: self.gateway }).await? else {
            return Err(unexpected());
        };
        if let engine::command::Source::Cache { why } = known.source {
            return Err(Refused::new(Code::Unreachable, format!("{why} Nothing was sent.")));
        }
        choose(&known.value, named)
    }
}

fn choose(known: &[Pipeline], named: Option<&PipelineId>) -> Result<PipelineId, Refused> {
    match (named, known) {
        (Some(named), _) => Ok(named.clone()),
        (None, [only]) => Ok(only.id.clone()),
        (None, []) => Err(Refused::new(
            Code::NotFound,
            "This account sees no pipeline at this gateway: name one with --pipeline, or ask its owner for access.",
        )),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|pipeline| pipeline.id.as_str()).collect();
            let message = format!(
                "There are several pipelines ({}): say which with --pipeline. Nothing was sent.",
                names.join(", ")
            );
            Err(Refused::new(Code::Usage, message))
        }
    }
}

async fn find(console: &Console, address: Option<&str>) -> Result<GatewayId, Refused> {
    if let Some(address) = address {
        let command = Command::AddGateway { address: address.to_owned() };
        return match console.command(command).await? {
            Answer::Gateway(id) => Ok(id),
            _ => Err(unexpected()),
        };
    }
    let Answer::View(view) = console.query(Query::View).await? else { return Err(unexpected()) };
    match view.gateways.as_slice() {
        [only] => Ok(only.id),
        [] => Err(Refused::new(
            Code::Usage,
            "No gateway is known yet: name one with --gateway or HOLDPOINT_GATEWAY.",
        )),
        several => {
            let origins: Vec<&str> = several.iter().map(|gateway| gateway.origin.as_str()).collect();
            let message = format!(
                "Several gateways are known ({}): name one with --gateway or HOLDPOINT_GATEWAY.",
                origins.join(", ")
            );
            Err(Refused::new(Code::Usage, message))
        }
    }
}

/// An answer of another kind than the question: the two programs do not fit together.
pub(crate) fn unexpected() -> Refused {
    Refused::new(
        Code::Protocol,
        "The running Holdpoint answered something else than was asked: update the older of the two.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(id: &str) -> Pipeline {
        Pipeline { id: id.into(), name: id.into(), status: None }
    }

    #[test]
    fn a_change_needs_its_pipeline_named_where_there_are_several() {
        let two = [pipeline("a"), pipeline("b")];
        assert_eq!(choose(&two, None).expect_err("ambiguous").code, Code::Usage);
        assert_eq!(choose(&two, Some(&"b".into())), Ok("b".into()));
        assert_eq!(choose(&two[..1], None), Ok("a".into()));
        assert_eq!(choose(&[], None).expect_err("nothing there").code, Code::NotFound);
    }
}
