//! A desktop without a screen, and a window on it that can be driven: for the tests and the demo.
//!
//! Owns the processes that make a desktop (X server, window manager, session bus, directories of its own) and the way
//! to a page through WebDriver. It deliberately knows nothing of the product: it starts what it is told to start.

mod directories;
mod page;
mod process;
mod session;
mod wait;

pub use fantoccini::key::Key;
pub use page::Page;
pub use process::Running;
pub use session::{Screen, Session};
pub use wait::{PATIENCE, until};
