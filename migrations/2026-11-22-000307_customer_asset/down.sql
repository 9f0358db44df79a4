DROP TABLE customer_asset;
