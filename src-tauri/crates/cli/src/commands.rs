//! One command per file; here they are chosen.

mod changes;
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

/// Carries out the command. Where the console that ran here ends under a question, it is asked anew: this program may
/// be the owner now. A decision sees to that itself.
pub(crate) async fn run(args: Args, out: &Out) -> Result<Exit, Stop> {
    if only_asks(&args.command) {
        again(async || once(&args, out).await).await
    } else {
        once(&args, out).await
    }
}

fn only_asks(command: &Command) -> bool {
    matches!(
        command,
        Command::Status
            | Command::Pending
            | Command::Show { .. }
            | Command::Runbooks(_)
            | Command::Mappings(_)
    )
}

async fn once(args: &Args, out: &Out) -> Result<Exit, Stop> {
    match &args.command {
        Command::Login { password_stdin } => login::run(args, *password_stdin, out).await,
        Command::Status => status::run(args, out).await,
        Command::Watch { for_s } => watch::run(args, *for_s, out).await,
        Command::Pending => pending::run(args, out).await,
        Command::Show { id } => show::run(args, id, out).await,
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
            decide::run(args, wish, out).await
        }
        Command::Reject { id, reason, wait } => {
            let verdict = Verdict::Reject { reason: reason.clone() };
            decide::run(args, decide::Wish::with_reason(id, verdict, *wait), out).await
        }
        Command::Stop { id, reason, wait } => {
            let verdict = Verdict::Stop { reason: reason.clone() };
            decide::run(args, decide::Wish::with_reason(id, verdict, *wait), out).await
        }
        Command::Runbooks(Runbooks::List) => lists::runbooks(args, out).await,
        Command::Runbooks(Runbooks::Show { action }) => lists::runbook(args, action, out).await,
        Command::Mappings(Mappings::List) => lists::mappings(args, out).await,
        Command::History(History::Search { query, limit }) => history::search(query, *limit, out).await,
        Command::Receipts(Receipts::Verify { file, head }) => {
            receipts::verify(file.as_deref(), head.as_ref(), out).await
        }
        Command::Receipts(Receipts::Export { out: to }) => receipts::export(to, out).await,
        Command::Doctor => doctor::run(args, out).await,
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
