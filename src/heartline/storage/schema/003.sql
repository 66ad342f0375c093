-- Which node has an old client's cursor: what another one says, which has not noticed that the client left it, is ignored.

ALTER TABLE cursors ADD COLUMN node text NOT NULL DEFAULT '';
