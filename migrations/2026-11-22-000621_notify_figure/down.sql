DROP TABLE notify_figure;
