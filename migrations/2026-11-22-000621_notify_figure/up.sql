-- What each member's figures on the workbench are, and whether they are to be looked at again.
CREATE TABLE IF NOT EXISTS notify_figure (
    userid VARCHAR(64) PRIMARY KEY NOT NULL,
    is_wanted INTEGER NOT NULL,
    shown VARCHAR(191) NOT NULL,
    day BIGINT NOT NULL
);
CREATE INDEX notify_figure_by_want ON notify_figure (is_wanted, userid);
CREATE INDEX notify_figure_by_day ON notify_figure (day, userid);
