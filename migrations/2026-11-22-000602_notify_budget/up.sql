-- How much of the platform's limits is used up: per member a minute and an hour, per app a day.
CREATE TABLE IF NOT EXISTS notify_budget (
    bucket VARCHAR(120) PRIMARY KEY NOT NULL,
    used BIGINT NOT NULL,
    until_at BIGINT NOT NULL
);
