//! Real repositories for the tests of this folder, made by git in a home of their own.

use crate::base::{Env, HostPath, Program, find_program};

pub struct Kit {
    _dir: tempfile::TempDir,
    home: HostPath,
    pub env: Env,
}

impl Kit {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temp dir");
        let home = std::fs::canonicalize(dir.path()).expect("it is there");
        let path = std::env::var_os("PATH").expect("PATH is set");
        let vars = [
            ("HOME".to_owned(), home.clone().into_os_string()),
            ("PATH".to_owned(), path),
            // A hook's environment: none of it may matter.
            ("GIT_DIR".to_owned(), home.join("elsewhere").into()),
            ("GIT_WORK_TREE".to_owned(), home.join("elsewhere").into()),
            ("GIT_INDEX_FILE".to_owned(), home.join("elsewhere").into()),
        ];
        Self {
            env: Env::new(vars, home.clone(), "machine".to_owned()),
            home: HostPath::new(home).expect("absolute"),
            _dir: dir,
        }
    }

    pub fn dir(&self) -> HostPath {
        self.home.clone()
    }

    /// Runs git in `dir` and gives back the line it prints.
    pub fn git(&self, dir: &HostPath, args: &[&str]) -> String {
        let program = find_program(&self.env, "git").expect("the tests need git");
        let output = Program::new(program, &self.env)
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
            .args(args)
            .dir(dir.as_path())
            .var("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .expect("git runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {said}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn repo(&self, name: &str, options: &[&str]) -> HostPath {
        let root = self.home.join(name);
        std::fs::create_dir_all(root.as_path()).expect("made");
        let mut args = vec!["init", "-q"];
        args.extend(options);
        self.git(&root, &args);
        root
    }

    /// Writes a file, tracks it and commits it.
    pub fn commit(&self, root: &HostPath, name: &str) {
        let file = root.join(name);
        std::fs::create_dir_all(file.as_path().parent().expect("it has one")).expect("made");
        std::fs::write(file.as_path(), name).expect("written");
        self.git(root, &["--literal-pathspecs", "add", "-f", name]);
        self.git(root, &["commit", "-q", "-m", name]);
    }
}
