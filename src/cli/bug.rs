//! A panic is a bug: it is caught here, told like every other failure, and ends with its own code.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

use super::answer::Failure;

/// What the hook heard. The hook runs where the panic is, so only it knows the place.
static HEARD: Mutex<Option<String>> = Mutex::new(None);

/// From now on a panic writes nothing by itself: [`guarded`] tells it.
pub fn listen() {
    panic::set_hook(Box::new(|info| {
        let text = message(info);
        *HEARD.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }));
}

/// Does the work; a panic in it comes back as a failure.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Failure> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner).take();
        Failure::bug(heard.unwrap_or_else(|| words(payload.as_ref()).to_owned()))
    })
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map(|place| format!(" ({place})"));
    format!("{}{}", words(info.payload()), place.unwrap_or_default())
}

fn words(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it broke without a word")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::ErrorKind;

    #[test]
    fn a_panic_becomes_a_failure_of_its_own_kind() {
        let failure = guarded(|| panic!("{} is odd", 3)).expect_err("it panicked");
        assert_eq!(failure.kind, ErrorKind::Internal);
        assert_eq!(failure.code(), 70);
        assert!(failure.message.contains("3 is odd"), "{failure:?}");
        assert_eq!(guarded(|| 7), Ok(7));
    }
}
