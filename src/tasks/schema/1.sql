-- The log: what was written, here and elsewhere, line by line. Everything else can be made of it again.

-- One row: who writes here.
CREATE TABLE replica (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    -- The chain that this store goes on with; none before the first op.
    chain INTEGER,
    -- The sum over what is live and what is named early.
    digest BLOB NOT NULL,
    -- What the program that took the ops in knew of them: one that knows more reads them all again.
    reader INTEGER NOT NULL
);
INSERT INTO replica VALUES (1, NULL, zeroblob(32), 1);

-- Each replica's ops, one behind the other. A chain that parted from another has its ops from there on.
CREATE TABLE chain (
    n INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    replica TEXT NOT NULL,
    machine TEXT NOT NULL,
    -- The last op, and its time as its writer had it.
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    at TEXT,
    -- The first op that may not be passed by and that nobody here understands.
    stop INTEGER
);

CREATE TABLE op (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    replica TEXT NOT NULL,
    seq INTEGER NOT NULL,
    -- The op before it: chains part, and each op still has one.
    prev BLOB NOT NULL,
    -- Nothing where it says nothing that is understood.
    thing INTEGER,
    line BLOB NOT NULL,
    -- 0 taken in, 1 set aside, 2 waits behind one that may not be passed by.
    state INTEGER NOT NULL
);
CREATE UNIQUE INDEX op_id ON op (id);
CREATE INDEX op_place ON op (replica, seq);
CREATE INDEX op_thing ON op (thing) WHERE thing IS NOT NULL;

-- What ops are about, and which of their writes no other one names: [[op, [field, …]], …].
CREATE TABLE thing (
    n INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    live TEXT NOT NULL,
    -- When something was last written to it.
    updated INTEGER NOT NULL
);
CREATE UNIQUE INDEX thing_id ON thing (id, kind);

-- Ops that are named and not there.
CREATE TABLE early (
    id BLOB NOT NULL,
    thing INTEGER NOT NULL,
    field TEXT NOT NULL,
    PRIMARY KEY (id, thing, field)
) WITHOUT ROWID;

-- Values that are too long for an op.
CREATE TABLE text (
    name TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) WITHOUT ROWID;

-- Things that show a long value which has not arrived.
CREATE TABLE wanted (
    name TEXT NOT NULL,
    thing INTEGER NOT NULL,
    PRIMARY KEY (name, thing)
) WITHOUT ROWID;

-- Values that the gate let not out: they stay here.
CREATE TABLE withheld (
    thing INTEGER NOT NULL,
    field TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (thing, field, fingerprint)
) WITHOUT ROWID;

-- What a person did at one time, for undo.
CREATE TABLE deed (
    n INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    what TEXT NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    -- The deed that reverses it.
    undone INTEGER
);

-- What is shown. All of it can be made again of the log.

CREATE TABLE workspace (
    thing INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    deleted INTEGER NOT NULL
);

CREATE TABLE project (
    thing INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    workspace TEXT,
    deleted INTEGER NOT NULL,
    -- The project that this one is another name of, and the one that it comes to in the end.
    same TEXT,
    shown TEXT NOT NULL
);
CREATE UNIQUE INDEX project_id ON project (id);

CREATE TABLE task (
    thing INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    -- What refs begin with: the part of the id that is chance.
    key TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    priority TEXT NOT NULL,
    project TEXT,
    workspace TEXT,
    epic TEXT,
    is_epic INTEGER NOT NULL,
    due TEXT,
    available TEXT,
    meta TEXT,
    -- When the status was set that is shown.
    since INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    deleted INTEGER NOT NULL,
    -- What comes first in a list.
    rank TEXT NOT NULL
);
CREATE UNIQUE INDEX task_id ON task (id);
CREATE UNIQUE INDEX task_key ON task (key, id);
-- For how many there are: it is a few pages, where the next one is hundreds.
CREATE INDEX task_state ON task (deleted, closed);
CREATE INDEX task_rank ON task (deleted, closed, rank);
CREATE INDEX task_epic ON task (epic) WHERE epic IS NOT NULL;

CREATE TABLE label (
    task INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (task, name)
) WITHOUT ROWID;
CREATE INDEX label_name ON label (name);

CREATE TABLE depend (
    task INTEGER NOT NULL,
    -- The id of the task that has to be done first.
    needs TEXT NOT NULL,
    -- Orders them as they were written, everywhere the same.
    rank TEXT NOT NULL,
    -- It closes a circle: the latest one of it, and nobody waits for it.
    circle INTEGER NOT NULL,
    PRIMARY KEY (task, needs)
) WITHOUT ROWID;
CREATE INDEX depend_needs ON depend (needs);

CREATE TABLE note (
    task INTEGER NOT NULL,
    op BLOB NOT NULL,
    at INTEGER NOT NULL,
    replica TEXT NOT NULL,
    who TEXT,
    text TEXT NOT NULL,
    PRIMARY KEY (task, op)
) WITHOUT ROWID;

-- Fields with several values that nobody chose between; the empty field is whether the thing is there.
CREATE TABLE dispute (
    thing INTEGER NOT NULL,
    field TEXT NOT NULL,
    PRIMARY KEY (thing, field)
) WITHOUT ROWID;

CREATE VIRTUAL TABLE words USING fts5 (
    title, description, notes,
    content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);
