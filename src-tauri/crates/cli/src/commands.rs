//! One command per file; here they are chosen.

mod decide;
mod doctor;
mod history;
mod lists;
mod login;
mod pending;
mod receipts;
mod show;
mod status;
mod watch;

use crate::args::{Args, Command, History, Mappings, Receipts, Runbooks};
use crate::exit::{Exit, Stop};
use crate::gate::OWNERS;
use crate::out::Out;
use domain::{Point, Verdict};
use engine::Code;

/// Carries out the command.
pub(crate) async fn run(args: Args, out: &Out) -> Result<Exit, Stop> {
    match &args.command {
        Command::Login { password_stdin } => login::run(&args, *password_stdin, out).await,
        Command::Status => again(async || status::run(&args, out).await).await,
        Command::Watch { for_s } => watch::run(&args, *for_s, out).await,
        Command::Pending => again(async || pending::run(&args, out).await).await,
        Command::Show { id } => again(async || show::run(&args, id, out).await).await,
        Command::Approve(approve) => {
            let point = approve.action.clone().map_or(Point::Request, Point::Action);
            let wish = decide::Wish {
                id: approve.id.clone(),
                point,
                verdict: Verdict::Approve,
                digest: approve.digest.clone(),
                target: approve.target.clone(),
                confirmed: if approve.yes {
                    decide::Confirmed::Beforehand
                } else {
                    decide::Confirmed::NotYet
                },
                wait_s: approve.wait,
            };
            decide::run(&args, wish, out).await
        }
        Command::Reject { id, reason, wait } => {
            let verdict = Verdict::Reject { reason: reason.clone() };
            decide::run(&args, decide::Wish::with_reason(id, verdict, *wait), out).await
        }
        Command::Stop { id, reason, wait } => {
            let verdict = Verdict::Stop { reason: reason.clone() };
            decide::run(&args, decide::Wish::with_reason(id, verdict, *wait), out).await
        }
        Command::Runbooks(Runbooks::List) => again(async || lists::runbooks(&args, out).await).await,
        Command::Runbooks(Runbooks::Show { action }) => {
            again(async || lists::runbook(&args, action, out).await).await
        }
        Command::Mappings(Mappings::List) => again(async || lists::mappings(&args, out).await).await,
        Command::History(History::Search { query, limit }) => history::search(query, *limit, out).await,
        Command::Receipts(Receipts::Verify) => receipts::verify(out).await,
        Command::Doctor => doctor::run(&args, out).await,
    }
}

/// Does what changes nothing; anew if the owner that was asked ended before it answered: whoever has the data now can
/// answer as well, and that may be this process.
async fn again<T>(look: impl AsyncFn() -> Result<T, Stop>) -> Result<T, Stop> {
    for _ in 1..OWNERS {
        match look().await {
            Err(stop) if stop.code == Code::Ended.word() => {}
            told => return told,
        }
    }
    look().await
}
