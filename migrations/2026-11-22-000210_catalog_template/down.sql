DROP TABLE catalog_template;
