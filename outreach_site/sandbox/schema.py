"""The tables of the post office's file. A change here raises the version, and an older file is then refused."""

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE account (
    address TEXT PRIMARY KEY,
    password TEXT NOT NULL,
    created_at TEXT NOT NULL
);
CREATE TABLE letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    account TEXT NOT NULL,
    mail_from TEXT NOT NULL,
    recipient TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    recipient_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    tls_version TEXT NOT NULL,
    sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    thread TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX letter_mailbox ON letter (account, mailbox);
CREATE TABLE answer (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    letter_id INTEGER NOT NULL UNIQUE REFERENCES letter (id) ON DELETE CASCADE,
    account TEXT NOT NULL,
    correspondent TEXT NOT NULL,
    behaviour TEXT NOT NULL,
    turn INTEGER NOT NULL,
    due_at TEXT NOT NULL,
    delivered_at TEXT,
    message_id TEXT,
    raw BLOB,
    letter_key TEXT NOT NULL,
    -- Nobody answers the same letter twice, even when it arrives twice.
    UNIQUE (account, correspondent, letter_key)
);
CREATE INDEX answer_due ON answer (due_at) WHERE delivered_at IS NULL;
CREATE VIEW letter_with_answer AS SELECT letter.*, answer.* FROM letter
    LEFT JOIN answer ON answer.letter_id = letter.id;
CREATE TABLE uid_validity (
    last INTEGER NOT NULL
);
INSERT INTO uid_validity VALUES (0);
CREATE TABLE folder (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account TEXT NOT NULL REFERENCES account (address) ON DELETE CASCADE,
    name TEXT NOT NULL,
    uid_validity INTEGER NOT NULL UNIQUE,
    next_uid INTEGER NOT NULL DEFAULT 1,
    change INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account, name)
);
CREATE TABLE message (
    folder_id INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    uid INTEGER NOT NULL,
    internal_at TEXT NOT NULL,
    flags TEXT NOT NULL,
    recent INTEGER NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (folder_id, uid)
);
"""
