DROP TABLE catalog_part;
