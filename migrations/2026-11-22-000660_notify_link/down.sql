DROP TABLE notify_link;
