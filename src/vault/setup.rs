//! What libgit2 has to be told once per process.

use std::sync::Once;

static ONCE: Once = Once::new();

/// Turns on fsync for everything that libgit2 writes into a repository. Off, a power cut can leave
/// a ref that points at an object the disk never got. There is no safe binding for this switch.
pub fn durable_writes() {
    ONCE.call_once(|| {
        // libgit2 must be initialised before its options are set; opening nothing does that.
        drop(git2::Config::new());
        #[expect(
            unsafe_code,
            reason = "git2 has no binding for this option; it sets one global flag, once, before any store is open"
        )]
        let answer = unsafe {
            libgit2_sys::git_libgit2_opts(
                libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR.cast_signed(),
                1 as std::ffi::c_int,
            )
        };
        debug_assert_eq!(answer, 0, "libgit2 knows the option");
    });
}
