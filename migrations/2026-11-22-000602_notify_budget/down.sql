DROP TABLE notify_budget;
