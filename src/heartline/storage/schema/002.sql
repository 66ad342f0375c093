-- What resuming needs: where a log begins, where clients that cannot say it have stopped, and how ended logs ended.

ALTER TABLE accounts ADD COLUMN floor bigint NOT NULL DEFAULT 1;
ALTER TABLE accounts ADD COLUMN floor_ms bigint NOT NULL DEFAULT 0;

CREATE TABLE cursors (
    account bigint NOT NULL,
    client_id text NOT NULL,
    "offset" bigint NOT NULL,
    updated_ms bigint NOT NULL,
    PRIMARY KEY (account, client_id)
);

CREATE TABLE ended (
    account bigint PRIMARY KEY,
    timestamp_ms bigint NOT NULL,
    message bytea NOT NULL
);
