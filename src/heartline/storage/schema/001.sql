-- The first schema, one text for SQLite and PostgreSQL. A row belongs to an account by the account's number, which
-- never leaves the database: short keys and indexes. Ids of rows are the ones that phones and browsers gave them.

CREATE TABLE accounts (
    account bigint PRIMARY KEY,
    account_id text NOT NULL UNIQUE,
    username text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    salt1 text NOT NULL,
    salt2 text NOT NULL,
    real_name text,
    phone_number text NOT NULL,
    created_ms bigint NOT NULL,
    epoch text NOT NULL,
    head bigint NOT NULL DEFAULT 0
);

CREATE TABLE events (
    account bigint NOT NULL,
    "offset" bigint NOT NULL,
    timestamp_ms bigint NOT NULL,
    message bytea NOT NULL,
    PRIMARY KEY (account, "offset")
);

CREATE TABLE activations (
    code text PRIMARY KEY,
    account_id text,
    created_ms bigint NOT NULL
);

CREATE TABLE settings (
    account bigint NOT NULL,
    pref text NOT NULL,
    type text NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (account, pref)
);

CREATE TABLE devices (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    info text,
    name text,
    "primary" boolean NOT NULL,
    fcm_token text,
    ios boolean NOT NULL DEFAULT false,
    PRIMARY KEY (account, device_id)
);

CREATE TABLE conversations (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    folder_id bigint NOT NULL,
    color integer NOT NULL,
    color_dark integer NOT NULL,
    color_light integer NOT NULL,
    color_accent integer NOT NULL,
    led_color integer NOT NULL,
    pinned boolean NOT NULL,
    "read" boolean NOT NULL,
    "timestamp" bigint NOT NULL,
    title text,
    phone_numbers text,
    snippet text,
    ringtone text,
    image_uri text,
    id_matcher text,
    mute boolean NOT NULL,
    archive boolean NOT NULL,
    private_notifications boolean NOT NULL,
    PRIMARY KEY (account, device_id)
);
CREATE INDEX conversations_by_time ON conversations (account, "timestamp" DESC, device_id DESC);
CREATE INDEX conversations_by_pin ON conversations (account, pinned DESC, "timestamp" DESC, device_id DESC);
CREATE INDEX conversations_by_folder ON conversations (account, folder_id);

CREATE TABLE messages (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    device_conversation_id bigint NOT NULL,
    message_type integer NOT NULL,
    data text NOT NULL,
    "timestamp" bigint NOT NULL,
    mime_type text NOT NULL,
    "read" boolean NOT NULL,
    seen boolean NOT NULL,
    message_from text,
    color integer,
    sent_device bigint NOT NULL,
    sim_stamp text,
    PRIMARY KEY (account, device_id)
);
CREATE INDEX messages_by_time ON messages (account, "timestamp" DESC, device_id DESC);
CREATE INDEX messages_by_conversation
    ON messages (account, device_conversation_id, "timestamp" DESC, device_id DESC);

CREATE TABLE media (
    account bigint NOT NULL,
    message_id bigint NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (account, message_id)
);

CREATE TABLE contacts (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    phone_number text,
    id_matcher text,
    name text,
    contact_type integer NOT NULL,
    color integer NOT NULL,
    color_dark integer NOT NULL,
    color_light integer NOT NULL,
    color_accent integer NOT NULL,
    PRIMARY KEY (account, device_id)
);

CREATE TABLE drafts (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    device_conversation_id bigint NOT NULL,
    data text NOT NULL,
    mime_type text NOT NULL,
    PRIMARY KEY (account, device_id)
);
CREATE INDEX drafts_by_conversation ON drafts (account, device_conversation_id, device_id);

CREATE TABLE scheduled_messages (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    "to" text,
    data text,
    mime_type text,
    "timestamp" bigint NOT NULL,
    title text,
    "repeat" integer NOT NULL,
    PRIMARY KEY (account, device_id)
);

CREATE TABLE blacklists (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    phone_number text,
    phrase text,
    PRIMARY KEY (account, device_id)
);

CREATE TABLE folders (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    name text NOT NULL,
    color integer NOT NULL,
    color_dark integer NOT NULL,
    color_light integer NOT NULL,
    color_accent integer NOT NULL,
    PRIMARY KEY (account, device_id)
);

CREATE TABLE templates (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (account, device_id)
);

CREATE TABLE auto_replies (
    account bigint NOT NULL,
    device_id bigint NOT NULL,
    reply_type text NOT NULL,
    pattern text,
    response text,
    PRIMARY KEY (account, device_id)
);
