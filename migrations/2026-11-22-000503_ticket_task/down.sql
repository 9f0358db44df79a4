DROP TABLE ticket_task;
