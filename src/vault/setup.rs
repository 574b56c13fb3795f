//! What libgit2 has to be told once per process.

use std::sync::Once;

static ONCE: Once = Once::new();

/// What is mapped of packs at a time, and what is kept of objects that were read.
const MAPPED_AT_MOST: usize = 32 * 1024 * 1024;
const WINDOW: usize = 1024 * 1024;
const CACHED_AT_MOST: isize = 16 * 1024 * 1024;

/// Turns on fsync for everything that libgit2 writes into a repository. Off, a power cut can leave
/// a ref that points at an object the disk never got. And bounds what libgit2 keeps in memory: by
/// itself it keeps 256 MiB, and maps whatever it reads.
pub fn durable_writes() {
    ONCE.call_once(|| {
        // libgit2 must be initialised before its options are set; opening nothing does that.
        drop(git2::Config::new());
        #[expect(
            unsafe_code,
            reason = "git2 has no safe binding for these options; they set global numbers, once, before any store is open"
        )]
        let answers = unsafe {
            use libgit2_sys::git_libgit2_opts as set;
            [
                set(
                    libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR.cast_signed(),
                    1 as std::ffi::c_int,
                ),
                // Its way to check an object takes twice as long as ours, see `read_object`.
                set(
                    libgit2_sys::GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION.cast_signed(),
                    0 as std::ffi::c_int,
                ),
                set(
                    libgit2_sys::GIT_OPT_SET_MWINDOW_MAPPED_LIMIT.cast_signed(),
                    MAPPED_AT_MOST,
                ),
                set(
                    libgit2_sys::GIT_OPT_SET_MWINDOW_SIZE.cast_signed(),
                    WINDOW,
                ),
                set(
                    libgit2_sys::GIT_OPT_SET_CACHE_MAX_SIZE.cast_signed(),
                    CACHED_AT_MOST,
                ),
            ]
        };
        debug_assert_eq!(answers, [0; 5], "libgit2 knows the options");
    });
}
